"""KF: frozen layers, pretrained models and their training flags."""
