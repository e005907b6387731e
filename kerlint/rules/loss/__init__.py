"""KL: the contract between output layer, loss, metrics and labels."""
