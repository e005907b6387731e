"""What rules say of Keras, tried on the Keras that is installed."""
