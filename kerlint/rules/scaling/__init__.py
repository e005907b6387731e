"""KN: the scale of inputs and targets."""
