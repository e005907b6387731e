"""Models that are published on TensorFlow Hub: how wide their output is, and how many weights they have.

A line: the path, the first version in the format of TensorFlow 2, the width, the number of weights, and how many of
them training never changes (`?` where there is no source). `feature_vector+classification` stands for both: the
second has a layer of 1001 classes on top. `*` is the size of the pictures, of which the weights know nothing.

Sources: summaries that public programs have printed (marked p), or the same architecture in `keras.applications`,
counted there (marked k); the widths are those that the pages of the models give. The two agree wherever there are
both: 2257984 and 4363712 (MobileNetV2), 21802784 (Inception V3), 4269716 (NASNet mobile), 20331360 (EfficientNetV2 S).
The EfficientNet of TensorFlow has no normalisation of the input in the model, 7 weights fewer than Keras's (p:
4049564). Inception V1, and ResNet V1 with convolutions without bias (p: 23561152 for 50 layers), are counted from the
architecture; so is EfficientNetV2 XL, with the function of `keras.applications` for the others.
"""

from __future__ import annotations

#: p: nnlm-en-dim50, nnlm-en-dim128, gnews-swivel-20dim (all of them trained if one wants it), sentence encoder 4.
TEXTS = """
google/nnlm-en-dim50 2 50 48190600 0
google/nnlm-en-dim50-with-normalization 2 50 ? ?
google/nnlm-en-dim128 2 128 124642688 0
google/nnlm-en-dim128-with-normalization 2 128 ? ?
google/tf2-preview/nnlm-en-dim50 1 50 48190600 0
google/tf2-preview/nnlm-en-dim128 1 128 124642688 0
google/tf2-preview/gnews-swivel-20dim 1 20 400020 0
google/universal-sentence-encoder 3 512 256797824 ?
google/universal-sentence-encoder-large 4 512 ? ?
google/universal-sentence-encoder-multilingual 3 512 ? ?
google/universal-sentence-encoder-multilingual-large 3 512 ? ?
tensorflow/cord-19/swivel-128d 2 128 ? ?
"""

IMAGES = """
google/tf2-preview/mobilenet_v2/feature_vector+classification 1 1280 2257984 34112
google/tf2-preview/inception_v3/feature_vector+classification 1 2048 21802784 34432
google/imagenet/mobilenet_v2_035_*/feature_vector+classification 4 1280 410208 14080
google/imagenet/mobilenet_v2_050_*/feature_vector+classification 4 1280 706224 18544
google/imagenet/mobilenet_v2_075_*/feature_vector+classification 4 1280 1382064 26640
google/imagenet/mobilenet_v2_100_*/feature_vector+classification 4 1280 2257984 34112
google/imagenet/mobilenet_v2_130_*/feature_vector+classification 4 1664 3766048 44256
google/imagenet/mobilenet_v2_140_*/feature_vector+classification 4 1792 4363712 47936
google/imagenet/mobilenet_v3_small_100_*/feature_vector 5 1024 1529968 12112
google/imagenet/mobilenet_v3_large_100_*/feature_vector 5 1280 ? ?
google/imagenet/inception_v1/feature_vector+classification 4 1024 5607184 14560
google/imagenet/inception_v3/feature_vector+classification 4 2048 21802784 34432
google/imagenet/inception_resnet_v2/feature_vector+classification 4 1536 54336736 60544
google/imagenet/nasnet_mobile/feature_vector+classification 4 1056 4269716 36738
google/imagenet/nasnet_large/feature_vector+classification 4 4032 84916818 196668
google/imagenet/pnasnet_large/feature_vector 4 4320 ? ?
google/imagenet/resnet_v1_50/feature_vector+classification 4 2048 23561152 53120
google/imagenet/resnet_v1_101/feature_vector+classification 4 2048 42605504 105344
google/imagenet/resnet_v1_152/feature_vector+classification 4 2048 58295232 151424
google/imagenet/resnet_v2_50/feature_vector+classification 4 2048 23564800 45440
google/imagenet/resnet_v2_101/feature_vector+classification 4 2048 42626560 97664
google/imagenet/resnet_v2_152/feature_vector+classification 4 2048 58331648 143744
google/bit/s-r50x1 1 2048 23500352 0
tensorflow/efficientnet/b0/feature_vector 1 1280 4049564 42016
tensorflow/efficientnet/b1/feature_vector 1 1280 6575232 62048
tensorflow/efficientnet/b2/feature_vector 1 1408 7768562 67568
tensorflow/efficientnet/b3/feature_vector 1 1536 10783528 87296
tensorflow/efficientnet/b4/feature_vector 1 1792 17673816 125200
tensorflow/efficientnet/b5/feature_vector 1 2048 28513520 172736
tensorflow/efficientnet/b6/feature_vector 1 2304 40960136 224432
tensorflow/efficientnet/b7/feature_vector 1 2560 64097680 310720
google/imagenet/efficientnet_v2_imagenet1k_b0/feature_vector 2 1280 5919312 60608
google/imagenet/efficientnet_v2_imagenet1k_b1/feature_vector 2 1280 6931124 71072
google/imagenet/efficientnet_v2_imagenet1k_b2/feature_vector 2 1408 8769374 82288
google/imagenet/efficientnet_v2_imagenet1k_b3/feature_vector 2 1536 12930622 109216
google/imagenet/efficientnet_v2_imagenet1k_s/feature_vector 2 1280 20331360 153872
google/imagenet/efficientnet_v2_imagenet1k_m/feature_vector 2 1280 53150388 292032
google/imagenet/efficientnet_v2_imagenet1k_l/feature_vector 2 1280 117746848 512576
google/imagenet/efficientnet_v2_imagenet21k_b0/feature_vector 2 1280 5919312 60608
google/imagenet/efficientnet_v2_imagenet21k_b1/feature_vector 2 1280 6931124 71072
google/imagenet/efficientnet_v2_imagenet21k_b2/feature_vector 2 1408 8769374 82288
google/imagenet/efficientnet_v2_imagenet21k_b3/feature_vector 2 1536 12930622 109216
google/imagenet/efficientnet_v2_imagenet21k_s/feature_vector 2 1280 20331360 153872
google/imagenet/efficientnet_v2_imagenet21k_m/feature_vector 2 1280 53150388 292032
google/imagenet/efficientnet_v2_imagenet21k_l/feature_vector 2 1280 117746848 512576
google/imagenet/efficientnet_v2_imagenet21k_xl/feature_vector 2 1280 207615832 777024
google/imagenet/efficientnet_v2_imagenet21k_ft1k_b0/feature_vector 2 1280 5919312 60608
google/imagenet/efficientnet_v2_imagenet21k_ft1k_b1/feature_vector 2 1280 6931124 71072
google/imagenet/efficientnet_v2_imagenet21k_ft1k_b2/feature_vector 2 1408 8769374 82288
google/imagenet/efficientnet_v2_imagenet21k_ft1k_b3/feature_vector 2 1536 12930622 109216
google/imagenet/efficientnet_v2_imagenet21k_ft1k_s/feature_vector 2 1280 20331360 153872
google/imagenet/efficientnet_v2_imagenet21k_ft1k_m/feature_vector 2 1280 53150388 292032
google/imagenet/efficientnet_v2_imagenet21k_ft1k_l/feature_vector 2 1280 117746848 512576
google/imagenet/efficientnet_v2_imagenet21k_ft1k_xl/feature_vector 2 1280 207615832 777024
"""

#: Encoders of English in lower case (p: 28763649 for 4 layers of 512, 109482241 for 12 of 768). The large ones were
#: published as lists at first, the small ones never.
BERT = r"tensorflow/(?P<small>small_bert/)?bert_en_uncased_L-(?P<layers>\d+)_H-(?P<width>\d+)_A-\d+"

#: How addresses at Kaggle begin (owner, model, variation), and those that they were at TensorFlow Hub.
KAGGLE = {
    "google/mobilenet-v2/tf2-preview": "google/tf2-preview/mobilenet_v2",
    "google/mobilenet-v2/": "google/imagenet/mobilenet_v2_",
    "google/nnlm/": "google/nnlm-",
    "google/efficientnet-v2/": "google/imagenet/efficientnet_v2_",
    "google/universal-sentence-encoder/universal-sentence-encoder": "google/universal-sentence-encoder",
}
