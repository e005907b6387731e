"""What runs in the worker: data, models, training, measurements. Gets TensorFlow and Keras as arguments."""
