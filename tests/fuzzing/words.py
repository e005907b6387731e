"""The words of which the programs are made: names of Keras, and values that nobody expects."""

from __future__ import annotations

#: What stands where an argument, an element or an operand is expected.
ODD_VALUES = r"""
None | True | False | ... | 0 | -1 | 1 | 2 | 3 | 0.0 | -0.0 | 1e400 | -1e400 | 1e-400 | 1e30 | 0.5 | 1j | 10**9 | 2**63
10**10**9 | 1 << 10**9 | -2**63 | 0x7fffffffffffffff | 1_000_000_000_000 | int('9'*5000) | float('nan') | float('-inf')
'' | b'' | 'relu' | 'softmax' | 'sigmoid' | '\udc80' | '\x1b[2J' | '\0' | 'é' | '%s%d' % (1,) | '{}{}'.format(1)
f'{x!r:>{10}}' | f'{1:{2}}' | f"{'a' 'b'}" | 'a'*10**9 | () | [] | {} | (1,) | [None] | [[]] | {1} | {**{}} | {'a': 1}
[[0]*3]*3 | [0]*10**9 | (None, None) | (None, 0, -1) | (28, 28, 1) | [-1] | (10**9, 10**9) | range(10**9) | range(0)
range(-1, -10, -2) | lambda: 0 | lambda *a, **k: (a, k) | (lambda x: x)(0) | [i for i in range(5)] | {i: i for i in 'ab'}
(i for i in ()) | (y := 5) | not 0 | -(-1) | ~0 | ~True | -None | +'a' | 1 if 0 else 2 | x if x else y | 1 < 2 < 3
1 in [1] | None is None | x[0] | x[::2] | x[..., None] | x[-1:] | [1, 2][5] | {}['a'] | ''[0] | keras.Input | keras.Model
keras.layers.Dense(1) | keras.layers.Dense | tf.constant(0) | np.nan | np.zeros((0, 0)) | np.zeros(-1) | np.array([])
np.random.rand(10, 4) | model | model.layers | model.output | model.layers[0] | super() | type | print | __name__ | self
tf | np | keras | keras.losses.get('mse') | keras.optimizers.Adam(-1) | keras.Sequential() | keras.Sequential([])
keras.Sequential([keras.Sequential()]) | 'float16' | 'int32' | 'channels_first' | 'same' | 'mae' | 'adam' | ['accuracy']
{'a': {'b': []}} | undefined | keras.layers.Input(()) | keras.layers.Input((None,)) | tf.keras.backend.epsilon()
np.arange(10**12) | np.ones((4, 4))[None] | x.shape | x.shape[-1] | len(x) | str(x) | int(x) | dict(a=1) | list(x)
tf.data.Dataset.range(10) | pd.read_csv('a.csv') | sorted([3, 'a']) | max([]) | max(1, 'a') | sum([[1], [2]], []) | abs(-2)
zip(x, x) | enumerate(x) | map(int, '12') | reversed([1, 2]) | getattr(x, 'y', 0) | isinstance(x, int) | round(1e400)
""".replace("\n", " | ").split(" | ")
ODD_VALUES = [value.strip() for value in ODD_VALUES if value.strip()]

#: Names of variables; few, so that they meet.
NAMES = (
    "x y model layer inputs outputs a b history opt loss data ds x_train y_train x_test y_test epochs i self".split()
)

LAYERS = """
Dense Conv1D Conv2D Conv3D Conv2DTranspose DepthwiseConv2D SeparableConv2D LSTM GRU SimpleRNN Bidirectional TimeDistributed
Embedding Flatten Reshape Permute RepeatVector Dropout SpatialDropout2D BatchNormalization LayerNormalization Activation
ReLU LeakyReLU Softmax MaxPooling2D AveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D UpSampling2D ZeroPadding2D
Cropping2D Add Multiply Concatenate Dot Average Masking Lambda MultiHeadAttention Attention Rescaling Resizing Normalization
TextVectorization StringLookup CategoryEncoding RandomFlip RandomRotation GaussianNoise InputLayer Input EinsumDense
Discretization Hashing GroupNormalization UnitNormalization ActivityRegularization RNN LSTMCell ConvLSTM2D StackedRNNCells
""".split()

CALLS = """
keras.Sequential keras.Model keras.Input keras.models.load_model keras.models.clone_model keras.optimizers.Adam
keras.optimizers.SGD keras.optimizers.schedules.ExponentialDecay keras.losses.BinaryCrossentropy keras.metrics.Accuracy
keras.losses.SparseCategoricalCrossentropy keras.callbacks.EarlyStopping keras.callbacks.ModelCheckpoint keras.utils.to_categorical
keras.callbacks.ReduceLROnPlateau keras.callbacks.LearningRateScheduler keras.utils.set_random_seed keras.utils.pad_sequences
keras.applications.ResNet50 keras.applications.MobileNetV2 keras.datasets.mnist.load_data keras.initializers.RandomNormal
keras.regularizers.l2 keras.utils.image_dataset_from_directory tf.GradientTape tf.function tf.random.set_seed tf.reduce_mean
tf.data.Dataset.from_tensor_slices tf.data.Dataset.zip tf.data.Dataset.from_generator tf.image.resize tf.cast tf.matmul
tf.concat tf.stack tf.reshape tf.transpose tf.expand_dims tf.squeeze tf.nn.softmax tf.math.log tf.Variable tf.constant tf.einsum
tf.split tf.gather tf.one_hot tf.argmax tf.pad tf.tile keras.ops.mean keras.ops.concatenate keras.ops.where keras.ops.convert_to_tensor
np.zeros np.random.rand np.random.seed np.concatenate np.reshape np.expand_dims np.array np.arange np.linspace np.where np.stack
np.argmax np.mean np.split np.transpose np.loadtxt pd.read_csv train_test_split StandardScaler MinMaxScaler KFold functools.partial
model.compile model.fit model.evaluate model.predict model.add model.summary model.save model.load_weights model.pop model.build
model.get_layer model.train_on_batch model.fit_generator opt.apply_gradients opt.minimize ds.map ds.batch ds.shuffle ds.repeat
ds.take ds.cache ds.prefetch ds.filter ds.skip ds.padded_batch ds.window ds.unbatch x.reshape x.astype x.numpy data.sample
data.drop data.iloc layer.set_weights layer.get_weights open print range len zip enumerate list dict int float str sorted map
""".split()

KEYWORDS = """
units filters kernel_size activation input_shape input_dim padding strides pool_size rate axis name dtype trainable
kernel_initializer kernel_regularizer use_bias return_sequences return_state stateful go_backwards merge_mode data_format
dilation_rate groups mask_zero output_dim input_length target_shape dims n batch_size epochs verbose validation_split
validation_data steps_per_epoch callbacks shuffle class_weight sample_weight initial_epoch loss optimizer metrics loss_weights
from_logits learning_rate momentum clipnorm clipvalue decay_steps decay_rate monitor patience mode restore_best_weights
save_best_only inputs outputs layers shape batch_shape sparse tensor weights include_top classes num_classes maxlen seed
scale offset height width factor num_heads key_dim value_dim dropout recurrent_dropout run_eagerly training mask test_size
random_state stratify args kwargs drop_remainder buffer_size num_parallel_calls repeat image_size label_mode subset
""".split()

OPERATORS = ["not in", "is not", *"+ - * / // % ** @ << >> & | ^ and or < > <= >= == != in is".split()]

IMPORTS = (
    "import tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers\nimport numpy as np\n",
    "import keras\nfrom keras import layers, ops\nimport numpy as np\nimport tensorflow as tf\n",
    "import keras\nfrom keras.layers import *\nfrom keras.models import Sequential, Model\nimport numpy as np\n",
    """import tensorflow as tf
import pandas as pd
import numpy as np
keras = tf.keras
layers = keras.layers
from sklearn.model_selection import train_test_split, KFold
from sklearn.preprocessing import StandardScaler, MinMaxScaler
""",
    "import keras\nimport tf_keras\nfrom keras import backend as K\nimport functools\nfrom os import *\n",
    "from tensorflow.python.keras.layers.core import Dense\nimport tensorflow.compat.v1 as tf\nfrom . import model\n",
)
