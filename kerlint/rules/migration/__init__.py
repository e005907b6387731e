"""Rules about code that was written for another version of Keras."""
