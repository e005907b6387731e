# ruff: noqa: E501 (a signature is a line)
"""What Keras 1 and 2 had and the current Keras has not: names, signatures, keywords. Kept by hand.

The formats are explained in `signatures` and `names`. Sources: the Keras 1.2.2, 2.1-2.15 and
TensorFlow 1.15 interfaces; for Keras 2 also the public names of tf_keras, which
`tools/update_tables.py` writes to `_keras2_table`.
"""

from __future__ import annotations

from kerlint.library._keras2_table import KERAS2_KEYWORDS, KERAS2_SIGNATURES

_WEIGHTS = (
    "init=kernel_initializer W_regularizer=kernel_regularizer b_regularizer=bias_regularizer "
    "W_constraint=kernel_constraint b_constraint=bias_constraint bias=use_bias"
)
_IMAGE = "border_mode=padding dim_ordering=data_format"
_CONV = f"{_WEIGHTS} {_IMAGE} nb_filter=filters nb_row= nb_col= subsample=strides atrous_rate=dilation_rate"
_RECURRENT = (
    "output_dim=units init=kernel_initializer inner_init=recurrent_initializer "
    "inner_activation=recurrent_activation forget_bias_init=unit_forget_bias dropout_W=dropout "
    "dropout_U=recurrent_dropout W_regularizer=kernel_regularizer U_regularizer=recurrent_regularizer "
    "b_regularizer=bias_regularizer consume_less=implementation"
)
_GENERATOR = "max_q_size=max_queue_size nb_worker=workers pickle_safe=use_multiprocessing"
_DEPTHWISE = (
    "depthwise_init=depthwise_initializer pointwise_init=pointwise_initializer "
    "depthwise_regularizer=depthwise_regularizer"
)
_REDUCE = "1: reduction_indices=axis keep_dims=keepdims"

#: Renames by hand; `LEGACY_KEYWORDS` adds what tf_keras takes and Keras 3 does not.
RENAMED_KEYWORDS: dict[str, str] = {
    # Layers
    "keras.layers.*": "1: input_dtype=dtype; 2: batch_input_shape=",
    "keras.layers.Dense": f"1: output_dim=units {_WEIGHTS}",
    "keras.layers.TimeDistributedDense": f"1: output_dim=units {_WEIGHTS}",
    "keras.layers.Conv1D": f"1: {_CONV} filter_length=kernel_size subsample_length=strides",
    "keras.layers.Conv2D": f"1: {_CONV}",
    "keras.layers.Conv3D": f"1: {_CONV} kernel_dim1= kernel_dim2= kernel_dim3=",
    "keras.layers.Conv2DTranspose": f"1: {_CONV} output_shape=",
    "keras.layers.SeparableConv2D": f"1: {_CONV} {_DEPTHWISE}",
    "keras.layers.LocallyConnected1D": f"1: {_CONV} filter_length=kernel_size subsample_length=strides",
    "keras.layers.LocallyConnected2D": f"1: {_CONV}",
    "keras.layers.MaxPooling1D": f"1: pool_length=pool_size stride=strides {_IMAGE}",
    "keras.layers.AveragePooling1D": f"1: pool_length=pool_size stride=strides {_IMAGE}",
    "keras.layers.MaxPooling2D": f"1: {_IMAGE}",
    "keras.layers.AveragePooling2D": f"1: {_IMAGE}",
    "keras.layers.MaxPooling3D": f"1: {_IMAGE}",
    "keras.layers.AveragePooling3D": f"1: {_IMAGE}",
    "keras.layers.GlobalMaxPooling2D": "1: dim_ordering=data_format",
    "keras.layers.GlobalAveragePooling2D": "1: dim_ordering=data_format",
    "keras.layers.GlobalMaxPooling3D": "1: dim_ordering=data_format",
    "keras.layers.GlobalAveragePooling3D": "1: dim_ordering=data_format",
    "keras.layers.ZeroPadding2D": "1: dim_ordering=data_format",
    "keras.layers.ZeroPadding3D": "1: dim_ordering=data_format",
    "keras.layers.Cropping2D": "1: dim_ordering=data_format",
    "keras.layers.Cropping3D": "1: dim_ordering=data_format",
    "keras.layers.UpSampling1D": "1: length=size",
    "keras.layers.UpSampling2D": "1: dim_ordering=data_format",
    "keras.layers.UpSampling3D": "1: dim_ordering=data_format",
    "keras.layers.Dropout": "1: p=rate",
    "keras.layers.SpatialDropout1D": "1: p=rate",
    "keras.layers.SpatialDropout2D": "1: p=rate dim_ordering=data_format",
    "keras.layers.SpatialDropout3D": "1: p=rate dim_ordering=data_format",
    "keras.layers.GaussianDropout": "1: p=rate",
    "keras.layers.GaussianNoise": "1: sigma=stddev",
    "keras.layers.LSTM": f"1: {_RECURRENT}",
    "keras.layers.GRU": f"1: {_RECURRENT}",
    "keras.layers.SimpleRNN": f"1: {_RECURRENT}",
    "keras.layers.ConvLSTM2D": f"1: {_RECURRENT} {_IMAGE} nb_filter=filters nb_row= nb_col= subsample=strides",
    "keras.layers.RNN": "2: cells=cell",
    "keras.layers.Embedding": (
        "1: init=embeddings_initializer W_regularizer=embeddings_regularizer "
        "W_constraint=embeddings_constraint dropout="
    ),
    "keras.layers.BatchNormalization": "1: mode= beta_init=beta_initializer gamma_init=gamma_initializer",
    "keras.layers.LeakyReLU": "2: alpha=negative_slope",
    "keras.layers.PReLU": "1: init=alpha_initializer weights=",
    "keras.layers.InputLayer": "1: input_dtype=dtype; 2: input_shape=shape batch_input_shape=batch_shape",
    "keras.Input": "2: batch_input_shape=batch_shape",
    "keras.layers.Discretization": "2: bins=bin_boundaries",
    "keras.layers.Hashing": "2: bins=num_bins",
    "keras.layers.CategoryEncoding": "2: max_tokens=num_tokens",
    # Models
    "keras.Model": "2: input=inputs output=outputs",
    "keras.Model.fit": "1: nb_epoch=epochs",
    "keras.Model.predict": "1: nb_steps=steps",
    "keras.Model.fit_generator": (
        f"1: samples_per_epoch=steps_per_epoch nb_epoch=epochs nb_val_samples=validation_steps {_GENERATOR}"
    ),
    "keras.Model.evaluate_generator": f"1: val_samples=steps {_GENERATOR}",
    "keras.Model.predict_generator": f"1: val_samples=steps {_GENERATOR}",
    "keras.Model.compile": "2: sample_weight_mode= target_tensors= distribute= experimental_run_tf_function=",
    "keras.Model.save": "2: save_format= include_optimizer= signatures= options= save_traces=",
    "keras.Model.save_weights": "2: save_format= options=",
    "keras.models.save_model": "2: save_format= include_optimizer= signatures= options= save_traces=",
    "keras.models.load_model": "2: options=",
    # Optimizers
    "keras.optimizers.*": "2: lr=learning_rate decay= schedule_decay=",
    # Callbacks
    "keras.callbacks.ModelCheckpoint": "2: period=",
    "keras.callbacks.ReduceLROnPlateau": "2: epsilon=min_delta",
    "keras.callbacks.TensorBoard": (
        "2: batch_size= write_grads= embeddings_layer_names= embeddings_data= profile_steps="
    ),
    # The rest
    "keras.regularizers.L1": "2: l=l1",
    "keras.regularizers.L2": "2: l=l2",
    "keras.constraints.MaxNorm": "1: m=max_value",
    "keras.constraints.MinMaxNorm": "1: m=max_value",
    "keras.activations.*": "2: alpha=negative_slope features=x logits=x",
    "keras.activations.elu": "2: features=x",
    "keras.activations.softmax": "2: logits=x dim=axis",
    "keras.utils.to_categorical": "1: nb_classes=num_classes; 2: dtype=",
    "keras.utils.plot_model": "1: recursive=expand_nested",
    "keras.datasets.imdb.load_data": "2: nb_words=num_words",
    "keras.datasets.reuters.load_data": "2: nb_words=num_words",
    "keras.preprocessing.image.ImageDataGenerator": "1: dim_ordering=data_format",
    "keras.preprocessing.text.Tokenizer": "2: nb_words=num_words",
    # NumPy 1, TensorFlow 1
    "numpy.reshape": "1: newshape=shape",
    "tensorflow.reduce_sum": _REDUCE,
    "tensorflow.reduce_mean": _REDUCE,
    "tensorflow.reduce_max": _REDUCE,
    "tensorflow.reduce_min": _REDUCE,
    "tensorflow.reduce_prod": _REDUCE,
    "tensorflow.reduce_any": _REDUCE,
    "tensorflow.reduce_all": _REDUCE,
    "tensorflow.argmax": "1: dimension=axis",
    "tensorflow.argmin": "1: dimension=axis",
    "tensorflow.expand_dims": "1: dim=axis",
    "tensorflow.squeeze": "1: squeeze_dims=axis",
    "tensorflow.nn.dropout": "1: keep_prob=",
}


def _join(name: str) -> str:
    """The renames come last, so that they win over keywords without a successor."""
    return "; ".join(filter(None, (KERAS2_KEYWORDS.get(name, ""), RENAMED_KEYWORDS.get(name, ""))))


LEGACY_KEYWORDS: dict[str, str] = {name: _join(name) for name in {**KERAS2_KEYWORDS, **RENAMED_KEYWORDS}}

#: The spelling of old values, by parameter name. Valid in Keras 1.
LEGACY_VALUES: dict[str, dict[str, str]] = {
    "data_format": {"th": "channels_first", "tf": "channels_last"},
}

_CONV2D_ORDER = "nb_filter nb_row nb_col init activation weights border_mode subsample dim_ordering"
_CONV1D_ORDER = "nb_filter filter_length init activation weights border_mode subsample_length"
_RECURRENT_ORDER = "output_dim init inner_init activation inner_activation"
_LSTM_ORDER = "output_dim init inner_init forget_bias_init activation inner_activation"

#: The positional order of Keras 1 where it was not that of today.
OLD_ORDER: dict[str, str] = {
    "keras.layers.Dense": "output_dim init activation weights",
    "keras.layers.Conv1D": _CONV1D_ORDER,
    "keras.layers.Conv2D": _CONV2D_ORDER,
    "keras.layers.Conv3D": (
        "nb_filter kernel_dim1 kernel_dim2 kernel_dim3 init activation weights border_mode subsample dim_ordering"
    ),
    "keras.layers.Conv2DTranspose": (
        "nb_filter nb_row nb_col output_shape init activation weights border_mode subsample dim_ordering"
    ),
    "keras.layers.SeparableConv2D": _CONV2D_ORDER,
    "keras.layers.LocallyConnected1D": _CONV1D_ORDER,
    "keras.layers.LocallyConnected2D": (
        "nb_filter nb_row nb_col init activation weights border_mode subsample dim_ordering"
    ),
    "keras.layers.SimpleRNN": "output_dim init inner_init activation",
    "keras.layers.GRU": _RECURRENT_ORDER,
    "keras.layers.LSTM": _LSTM_ORDER,
    "keras.layers.ConvLSTM2D": (
        "nb_filter nb_row nb_col init inner_init forget_bias_init activation inner_activation dim_ordering "
        "border_mode subsample"
    ),
    "keras.layers.Embedding": "input_dim output_dim init",
    "keras.layers.BatchNormalization": "epsilon mode axis momentum",
}

_MERGE = "mode='sum', concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None"

#: Signatures of Keras 1, early Keras 2 and TensorFlow 1; those that tf_keras still has are generated.
OLD_SIGNATURES: dict[str, str] = {
    "keras": """
Model(inputs=None, outputs=None, name=None, **kwargs) < layers.Layer
""",
    "keras.layers": f"""
Merge(layers=None, {_MERGE}, arguments=None, node_indices=None, tensor_indices=None, name=None) < Layer
merge(inputs, {_MERGE}, arguments=None, name=None)
MaxoutDense(output_dim, nb_feature=4, init='glorot_uniform', weights=None, bias=True, input_dim=None, **kwargs) < Layer
Highway(init='glorot_uniform', activation=None, weights=None, bias=True, input_dim=None, **kwargs) < Layer
TimeDistributedDense(units, kernel_initializer='glorot_uniform', activation=None, **kwargs) < Layer
ParametricSoftplus(alpha_init=0.2, beta_init=5.0, weights=None, shared_axes=None, **kwargs) < Layer
SReLU(t_left_init='zero', a_left_init='glorot_uniform', t_right_init='glorot_uniform', a_right_init='one', **kwargs) < Layer
ThresholdedReLU(theta=1.0, **kwargs) < Layer
CuDNNLSTM(units, kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', bias_initializer='zeros', unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, return_sequences=False, return_state=False, go_backwards=False, stateful=False, **kwargs) < RNN
CuDNNGRU(units, kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', bias_initializer='zeros', kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, return_sequences=False, return_state=False, go_backwards=False, stateful=False, **kwargs) < RNN
PreprocessingLayer(**kwargs) < Layer
ConvRecurrent2D(filters, kernel_size, **kwargs) < RNN
""",
    "keras.Model": """
fit_generator(generator, steps_per_epoch=None, epochs=1, verbose=1, callbacks=None, validation_data=None, validation_steps=None, validation_freq=1, class_weight=None, max_queue_size=10, workers=1, use_multiprocessing=False, shuffle=True, initial_epoch=0)
evaluate_generator(generator, steps=None, callbacks=None, max_queue_size=10, workers=1, use_multiprocessing=False, verbose=0)
predict_generator(generator, steps=None, callbacks=None, max_queue_size=10, workers=1, use_multiprocessing=False, verbose=0)
predict_classes(x, batch_size=32, verbose=0)
predict_proba(x, batch_size=32, verbose=0)
""",
    "keras.models": """
model_from_yaml(yaml_string, custom_objects=None)
""",
    "keras.utils": """
multi_gpu_model(model, gpus=None, cpu_merge=True, cpu_relocation=False)
convert_all_kernels_in_model(model)
print_summary(model, line_length=None, positions=None, print_fn=None)
HDF5Matrix(datapath, dataset, start=0, end=None, normalizer=None) < object
probas_to_classes(y_pred)
categorical_probas_to_classes(p)
""",
    "keras.regularizers": """
activity_l1(l=0.01)
activity_l2(l=0.01)
activity_l1l2(l1=0.01, l2=0.01)
WeightRegularizer(l1=0.0, l2=0.0) < Regularizer
ActivityRegularizer(l1=0.0, l2=0.0) < Regularizer
""",
    "keras.optimizers": """
TFOptimizer(optimizer, iterations=None) < Optimizer
""",
    "tensorflow.compat.v1.layers": """
dense(inputs, units, activation=None, use_bias=True, kernel_initializer=None, bias_initializer=..., kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None, trainable=True, name=None, reuse=None)
conv2d(inputs, filters, kernel_size, strides=(1, 1), padding='valid', data_format='channels_last', dilation_rate=(1, 1), activation=None, use_bias=True, kernel_initializer=None, bias_initializer=..., **kwargs)
max_pooling2d(inputs, pool_size, strides, padding='valid', data_format='channels_last', name=None)
average_pooling2d(inputs, pool_size, strides, padding='valid', data_format='channels_last', name=None)
dropout(inputs, rate=0.5, noise_shape=None, seed=None, training=False, name=None)
batch_normalization(inputs, axis=-1, momentum=0.99, epsilon=0.001, center=True, scale=True, **kwargs)
flatten(inputs, name=None, data_format='channels_last')
""",
    "keras.wrappers.scikit_learn": """
KerasClassifier(build_fn=None, **sk_params) < object
KerasRegressor(build_fn=None, **sk_params) < object
""",
    "keras.metrics": """
fbeta_score(y_true, y_pred, beta=1)
precision(y_true, y_pred)
recall(y_true, y_pred)
matthews_correlation(y_true, y_pred)
""",
}  # fmt: skip


def _merge(group: str) -> str:
    return OLD_SIGNATURES.get(group, "") + KERAS2_SIGNATURES.get(group, "")


LEGACY_SIGNATURES: dict[str, str] = {group: _merge(group) for group in {**KERAS2_SIGNATURES, **OLD_SIGNATURES}}

#: Old names of what still exists under another name; deep modules are resolved by rule in `names`.
OLD_NAMES: dict[str, str] = {
    "keras.layers.Deconvolution2D": "keras.layers.Conv2DTranspose",
    "keras.layers.Deconvolution3D": "keras.layers.Conv3DTranspose",
    "keras.layers.Deconv2D": "keras.layers.Conv2DTranspose",
    "keras.layers.Deconv3D": "keras.layers.Conv3DTranspose",
    "keras.layers.AtrousConvolution1D": "keras.layers.Conv1D",
    "keras.layers.AtrousConvolution2D": "keras.layers.Conv2D",
    "keras.layers.AtrousConv1D": "keras.layers.Conv1D",
    "keras.layers.AtrousConv2D": "keras.layers.Conv2D",
    "keras.layers.SyncBatchNormalization": "keras.layers.BatchNormalization",
    "keras.layers.BatchNormalizationV1": "keras.layers.BatchNormalization",
    "keras.layers.BatchNormalizationV2": "keras.layers.BatchNormalization",
    "keras.layers.Recurrent": "keras.layers.RNN",
    "keras.regularizers.l1l2": "keras.regularizers.L1L2",
    "keras.regularizers.l1_l2": "keras.regularizers.L1L2",
    "keras.constraints.radial_constraint": "keras.constraints.RadialConstraint",
    "keras.constraints.maxnorm": "keras.constraints.MaxNorm",
    "keras.constraints.nonneg": "keras.constraints.NonNeg",
    "keras.constraints.unitnorm": "keras.constraints.UnitNorm",
    "keras.constraints.max_norm": "keras.constraints.MaxNorm",
    "keras.initializers.normal": "keras.initializers.RandomNormal",
    "keras.initializers.uniform": "keras.initializers.RandomUniform",
    "keras.initializers.zero": "keras.initializers.Zeros",
    "keras.initializers.one": "keras.initializers.Ones",
    "keras.utils.plot": "keras.utils.plot_model",
    "keras.backend.set_image_dim_ordering": "keras.config.set_image_data_format",
    "keras.backend.image_dim_ordering": "keras.config.image_data_format",
    "keras.mixed_precision.experimental.Policy": "keras.dtype_policies.DTypePolicy",
    "keras.mixed_precision.experimental.set_policy": "keras.mixed_precision.set_global_policy",
    "keras.mixed_precision.experimental.LossScaleOptimizer": "keras.optimizers.LossScaleOptimizer",
    "keras.experimental.CosineDecay": "keras.optimizers.schedules.CosineDecay",
    "keras.experimental.CosineDecayRestarts": "keras.optimizers.schedules.CosineDecayRestarts",
    "keras.callbacks.experimental.BackupAndRestore": "keras.callbacks.BackupAndRestore",
    "keras.optimizers.schedules.CosineDecayV2": "keras.optimizers.schedules.CosineDecay",
    "keras.models.Functional": "keras.Model",
    "keras.Functional": "keras.Model",
    "keras.losses.cosine": "keras.losses.cosine_similarity",
    "keras.losses.cosine_proximity": "keras.losses.cosine_similarity",
    "keras.metrics.cosine": "keras.losses.cosine_similarity",
    "keras.metrics.cosine_proximity": "keras.losses.cosine_similarity",
    # TensorFlow
    "tensorflow.data.experimental.AUTOTUNE": "tensorflow.data.AUTOTUNE",
    "tensorflow.set_random_seed": "tensorflow.random.set_seed",
    "tensorflow.random.set_random_seed": "tensorflow.random.set_seed",
    "tensorflow.compat.v1.set_random_seed": "tensorflow.random.set_seed",
    "tensorflow.compat.v1.random.set_random_seed": "tensorflow.random.set_seed",
    "tensorflow.zeros_initializer": "keras.initializers.Zeros",
    "tensorflow.ones_initializer": "keras.initializers.Ones",
    "tensorflow.constant_initializer": "keras.initializers.Constant",
    "tensorflow.random_normal_initializer": "keras.initializers.RandomNormal",
    "tensorflow.random_uniform_initializer": "keras.initializers.RandomUniform",
    "tensorflow.truncated_normal_initializer": "keras.initializers.TruncatedNormal",
    "tensorflow.glorot_uniform_initializer": "keras.initializers.GlorotUniform",
    "tensorflow.glorot_normal_initializer": "keras.initializers.GlorotNormal",
    "tensorflow.div": "tensorflow.divide",
    "tensorflow.mod": "tensorflow.math.mod",
    "tensorflow.image.resize_images": "tensorflow.image.resize",
    "tensorflow.gfile.GFile": "tensorflow.io.gfile.GFile",
    "tensorflow.gfile.Open": "tensorflow.io.gfile.GFile",
    # NumPy
    "numpy.random.random_sample": "numpy.random.random",
    "numpy.random.ranf": "numpy.random.random",
    "numpy.random.sample": "numpy.random.random",
    "numpy.row_stack": "numpy.vstack",
    "numpy.product": "numpy.prod",
    "numpy.cumproduct": "numpy.cumprod",
    "numpy.alltrue": "numpy.all",
    "numpy.sometrue": "numpy.any",
    "numpy.in1d": "numpy.isin",
    "numpy.amax": "numpy.max",
    "numpy.amin": "numpy.min",
    "numpy.round_": "numpy.round",
    "numpy.around": "numpy.round",
    "numpy.asfarray": "numpy.asarray",
    "numpy.float_": "numpy.float64",
    "numpy.int_": "numpy.int64",
    "numpy.bool8": "numpy.bool",
    "numpy.trapz": "numpy.trapezoid",
    # scikit-learn
    "sklearn.preprocessing.Imputer": "sklearn.impute.SimpleImputer",
}

#: Packages that moved: the old dotted name and where its members are looked for now.
OLD_PACKAGES: dict[str, str] = {
    "keras.objectives": "keras.losses",
    "keras.optimizer_v1": "keras.optimizers",
    "keras.optimizer_v2": "keras.optimizers",
    "keras.optimizer_experimental": "keras.optimizers",
    "keras.optimizers.optimizer_v2": "keras.optimizers",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.optimizers.experimental": "keras.optimizers",
    "keras.initializations": "keras.initializers",
    "keras.feature_column": "keras.layers",
    "keras.applications.mobilenetv2": "keras.applications.mobilenet_v2",
    "keras.applications.resnet_common": "keras.applications.resnet",
    "keras.backend.tensorflow_backend": "keras.backend",
    "keras.backend.common": "keras.backend",
    "sklearn.cross_validation": "sklearn.model_selection",
    "sklearn.grid_search": "sklearn.model_selection",
}
