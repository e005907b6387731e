"""KE: callbacks, evaluation and leakage."""
