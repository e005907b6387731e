"""KD: data pipelines."""
