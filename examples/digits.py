"""A small residual network for handwritten digits: `kerlint summary examples/digits.py` shows what it builds."""

import keras
from keras import layers


def residual_block(x, filters, strides=1):
    shortcut = x
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    if strides != 1 or shortcut.shape[-1] != filters:
        shortcut = layers.Conv2D(filters, 1, strides=strides)(shortcut)
    return layers.ReLU()(layers.add([x, shortcut]))


def build_model(classes, widths=(16, 32)):
    inputs = keras.Input(shape=(28, 28, 1), name="image")
    x = inputs
    for width in widths:
        x = residual_block(x, width, strides=2)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x), name="digits")


(x_train, y_train), _ = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255

model = build_model(classes=10)
model.compile(optimizer=keras.optimizers.Adam(3e-4), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=5, batch_size=64, callbacks=[keras.callbacks.EarlyStopping("loss", patience=2)])
