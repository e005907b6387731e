"""KT: hand-written training, and classes of layers and models."""
