"""KA: activations and initialisation."""
