"""KS: architecture and shapes."""
