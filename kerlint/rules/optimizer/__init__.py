"""KO: optimizers, learning rates and the training budget."""
