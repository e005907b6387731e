"""A classifier of two kinds of points that trains without any complaint and never learns anything."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

rng = np.random.default_rng(0)
points = rng.normal(size=(1000, 2))
labels = (points.sum(axis=1) > 0).astype("int32")

model = keras.Sequential(
    [
        keras.Input(shape=(2,)),
        layers.Dense(16, activation="relu"),
        layers.Dense(1, activation="softmax"),
    ]
)

model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
model.fit(points, labels, epochs=20, validation_split=0.2)

predicted = np.argmax(model.predict(points), axis=1)
print("accuracy:", (predicted == labels).mean())
