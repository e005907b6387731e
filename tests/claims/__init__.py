"""What rules say about Keras, tried out on the Keras that is installed."""
