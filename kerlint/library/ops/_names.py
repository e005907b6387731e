"""Which rule is for which function: `_TABLE` has, for a family and a package, words `function=rule`.

A word without `=` is a rule of the same name, or the rule that its group names. Rules with the name of a
function of `keras.ops` are written for the parameters of that function.
"""

from __future__ import annotations

#: Family, the rule of words without one ("" for their own name), package, words.
TABLE: tuple[tuple[str, str, str, str], ...] = (
    (
        "elementwise",
        "same",
        "keras.ops",
        """abs absolute angle arccos arccosh arcsin arcsinh arctan arctanh array batch_normalization bitwise_invert
        bitwise_not cast cbrt ceil clip conj conjugate convert_to_tensor copy corrcoef cos cosh deg2rad digitize
        empty_like erf erfc erfinv exp exp2 expm1 fabs flip fliplr flipud floor full_like i0 imag in_top_k isfinite
        isin isinf isnan isneginf isposinf isreal layer_normalization log log10 log1p log2 logical_not nan_to_num
        negative normalize ones_like polar rad2deg real reciprocal rms_normalization roll round rsqrt saturate_cast
        scatter_update sign signbit sin sinc sinh slice_update sparse_sigmoid sqrt square stop_gradient tan tanh
        tril triu trunc zeros_like
        add=two arctan2=two bitwise_and=two bitwise_left_shift=two bitwise_or=two bitwise_right_shift=two
        bitwise_xor=two cross=two divide=two divide_no_nan=two equal=two floor_divide=two fmax=two fmin=two fmod=two
        gcd=two greater=two greater_equal=two heaviside=two hypot=two isclose=two lcm=two ldexp=two left_shift=two
        less=two less_equal=two logaddexp=two logaddexp2=two logical_and=two logical_or=two logical_xor=two
        maximum=two minimum=two mod=two multiply=two nextafter=two not_equal=two power=two right_shift=two
        subtract=two true_divide=two where=where select=select""",
    ),
    (
        "elementwise",
        "same",
        "keras.activations",
        """celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_tanh leaky_relu linear log_sigmoid
        log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid
        sparsemax squareplus tanh tanh_shrink threshold""",
    ),
    ("elementwise", "same", "keras.random", "dropout shuffle"),
    (
        "elementwise",
        "same",
        "jax.nn",
        """celu elu gelu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid log_softmax mish relu relu6
        selu sigmoid silu soft_sign softmax softplus sparse_plus sparse_sigmoid squareplus swish tanh""",
    ),
    (
        "elementwise",
        "same",
        "keras.backend",
        """abs batch_normalization bias_add cast cast_to_floatx clip cos dropout elu exp hard_sigmoid in_train_phase
        l2_normalize log ones_like random_normal_like relu reverse round sigmoid sign sin softmax softplus softsign
        sqrt square stop_gradient tanh to_dense zeros_like
        equal=two greater=two greater_equal=two less=two less_equal=two maximum=two minimum=two not_equal=two
        pow=two""",
    ),
    (
        "elementwise",
        "same",
        "tensorflow",
        """abs acos acosh asin asinh as_string atan atanh cast check_numerics clip_by_norm clip_by_value
        convert_to_tensor cos cosh exp floor guarantee_const identity logical_not negative ones_like
        reverse reverse_sequence roll round saturate_cast sign sin sinh sort sqrt square stop_gradient tan tanh
        tensor_scatter_nd_add tensor_scatter_nd_max tensor_scatter_nd_min tensor_scatter_nd_sub
        tensor_scatter_nd_update zeros_like argsort
        add=two atan2=two complex=two divide=two equal=two greater=two greater_equal=two less=two less_equal=two
        logical_and=two logical_or=two maximum=two minimum=two multiply=two not_equal=two pow=two realdiv=two
        scalar_mul=two subtract=two truediv=two truncatediv=two truncatemod=two where=where add_n=add_n""",
    ),
    (
        "elementwise",
        "same",
        "tensorflow.math",
        """angle bessel_i0 bessel_i0e bessel_i1 bessel_i1e ceil conj cumprod cumulative_logsumexp digamma erf erfc
        erfcinv erfinv expm1 imag is_finite is_inf is_nan lgamma log log1p ndtri real reciprocal reciprocal_no_nan
        rint rsqrt sigmoid softplus
        divide_no_nan=two floordiv=two igamma=two igammac=two logical_xor=two mod=two multiply_no_nan=two
        nextafter=two polygamma=two squared_difference=two xdivy=two xlog1py=two xlogy=two zeta=two""",
    ),
    (
        "elementwise",
        "same",
        "tensorflow.nn",
        """batch_normalization bias_add dropout experimental.stateless_dropout l2_normalize lrn
        elu selu gelu leaky_relu relu relu6 silu softmax log_softmax softplus softsign""",
    ),
    ("elementwise", "same", "tensorflow", "cumsum ensure_shape"),
    (
        "elementwise",
        "same",
        "tensorflow.linalg",
        "band_part expm set_diag logm sqrtm cross=two",
    ),
    (
        "elementwise",
        "same",
        "tensorflow.image",
        """adjust_brightness adjust_contrast adjust_gamma adjust_hue adjust_saturation convert_image_dtype
        flip_left_right flip_up_down per_image_standardization random_brightness random_contrast
        random_flip_left_right random_flip_up_down random_hue random_saturation
        stateless_random_brightness stateless_random_contrast
        stateless_random_flip_left_right
        stateless_random_flip_up_down stateless_random_hue stateless_random_saturation draw_bounding_boxes""",
    ),
    ("elementwise", "same", "tensorflow.debugging", "check_numerics"),
    ("elementwise", "same", "tensorflow.signal", "fft ifft fft2d ifft2d fft3d ifft3d fftshift ifftshift"),
    (
        "reductions",
        "reduce",
        "keras.ops",
        """all amax amin any argmax argmin average count_nonzero logsumexp max mean median min nanargmax nanargmin
        nanmax nanmean nanmedian nanmin nanprod nanstd nansum nanvar norm prod ptp std sum var
        percentile=quantile nanpercentile=quantile quantile=quantile nanquantile=quantile moments=moments
        cumsum=cumulative cumprod=cumulative nancumsum=cumulative nancumprod=cumulative trapezoid=trapezoid
        trace=trace allclose=scalar size=scalar vdot=scalar""",
    ),
    (
        "reductions",
        "reduce",
        "keras.backend",
        "all any argmax argmin logsumexp max mean min prod std sum var cumsum=cumulative cumprod=cumulative",
    ),
    (
        "reductions",
        "reduce",
        "tensorflow",
        """reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod reduce_sum norm
        argmax=reduce_first argmin=reduce_first size=scalar""",
    ),
    (
        "reductions",
        "reduce",
        "tensorflow.math",
        """reduce_std reduce_variance reduce_euclidean_norm count_nonzero argmax=reduce_first argmin=reduce_first""",
    ),
    ("reductions", "reduce", "tensorflow.nn", "moments=moments zero_fraction=scalar l2_loss=scalar"),
    ("reductions", "reduce", "tensorflow.linalg", "trace=last_two"),
    (
        "layout",
        "",
        "keras.ops",
        """append broadcast_to concatenate dstack expand_dims hstack kron meshgrid moveaxis pad ravel repeat reshape
        rot90 squeeze stack swapaxes tile transpose vstack""",
    ),
    ("einops", "", "einops", "rearrange reduce repeat parse_shape"),
    ("einops", "", "keras.ops", "rearrange"),
    (
        "layout",
        "",
        "keras.backend",
        """batch_flatten concatenate expand_dims flatten=ravel permute_dimensions=transpose repeat=repeat_rows
        repeat_elements=repeat reshape squeeze stack tile transpose=reversed""",
    ),
    (
        "layout",
        "",
        "tensorflow",
        """broadcast_to concat=concatenate expand_dims meshgrid pad repeat reshape squeeze stack tile transpose
        parallel_stack=stack""",
    ),
    ("layout", "", "tensorflow.linalg", "matrix_transpose=transpose_last adjoint=transpose_last"),
    ("splitting", "", "keras.ops", "array_split dsplit hsplit split unstack vsplit"),
    ("splitting", "", "tensorflow", "split=split_by_sizes unstack"),
    (
        "indexing",
        "",
        "keras.ops",
        """get_item histogram multi_hot nonzero one_hot scatter searchsorted=second slice sort argsort=sort
        argpartition=sort take take_along_axis top_k unique unravel_index
        segment_max=segments segment_min=segments segment_prod=segments segment_sum=segments""",
    ),
    ("indexing", "", "keras.backend", "gather=gather_rows one_hot"),
    (
        "indexing",
        "",
        "tensorflow",
        """boolean_mask=mask gather gather_nd=gather_points one_hot scatter_nd=scatter searchsorted=second sequence_mask
        slice""",
    ),
    ("indexing", "", "tensorflow.nn", "embedding_lookup=look_up top_k"),
    (
        "products",
        "",
        "keras.ops",
        "cdist dot dot_product_attention einsum inner matmul outer tensordot",
    ),
    ("products", "", "keras.backend", "batch_dot dot"),
    ("products", "", "tensorflow", "einsum matmul=tf_matmul tensordot"),
    ("products", "", "tensorflow.linalg", "matvec"),
    (
        "windows",
        "",
        "keras.ops",
        """adaptive_average_pool=adaptive_pool adaptive_max_pool=adaptive_pool average_pool=pool max_pool=pool conv
        depthwise_conv separable_conv depth_to_space space_to_depth unfold fold""",
    ),
    ("windows", "", "keras.activations", "glu"),
    ("windows", "", "keras.ops.image", "extract_patches=patches extract_patches_3d=patches"),
    (
        "windows",
        "",
        "keras.backend",
        """conv1d=conv conv2d=conv conv3d=conv depthwise_conv2d=depthwise_conv separable_conv2d=separable_conv
        conv2d_transpose=given_output pool2d=backend_pool pool3d=backend_pool temporal_padding=padded_axes
        spatial_2d_padding=padded_axes spatial_3d_padding=padded_axes resize_images=resized resize_volumes=resized""",
    ),
    (
        "windows",
        "",
        "tensorflow.nn",
        """avg_pool=tf_pool avg_pool1d=tf_pool avg_pool2d=tf_pool avg_pool3d=tf_pool max_pool=tf_pool
        max_pool1d=tf_pool max_pool2d=tf_pool max_pool3d=tf_pool conv1d=tf_conv conv2d=tf_conv conv3d=tf_conv
        convolution=tf_conv depthwise_conv2d=tf_depthwise conv1d_transpose=given_output conv2d_transpose=given_output
        conv3d_transpose=given_output depth_to_space space_to_depth""",
    ),
    ("windows", "", "tensorflow.image", "extract_patches=tf_patches"),
    (
        "losses",
        "",
        "keras.ops",
        """binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy ctc_decode ctc_loss
        psnr=scalar_loss""",
    ),
    ("losses", "", "keras.backend", "binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy"),
    (
        "losses",
        "",
        "tensorflow.nn",
        """sigmoid_cross_entropy_with_logits=logits weighted_cross_entropy_with_logits=logits
        softmax_cross_entropy_with_logits=logits_rows sparse_softmax_cross_entropy_with_logits=of_labels""",
    ),
    (
        "linear",
        "",
        "keras.ops",
        """cholesky=square cholesky_inverse=square det diag diagflat diagonal eig eigh=eig inv=square logdet=det lstsq
        lu_factor matrix_rank=rank pinv qr slogdet=slogdet solve solve_triangular=solve svd vander""",
    ),
    (
        "linear",
        "",
        "tensorflow.linalg",
        """cholesky=square inv=square det logdet=det eigh=eig eigvalsh=eigenvalues pinv diag=tf_diag
        diag_part=tf_diag_part solve triangular_solve=solve svd=tf_svd""",
    ),
    (
        "pictures",
        "same_image",
        "keras.ops.image",
        """affine_transform elastic_transform gaussian_blur perspective_transform hsv_to_rgb=colors rgb_to_hsv=colors
        resize=image.resize rgb_to_grayscale=image.rgb_to_grayscale pad_images=image.pad_images
        crop_images=image.crop_images sobel_edges=edges ssim=similarity map_coordinates=coordinates
        scale_and_translate=scaled""",
    ),
    (
        "pictures",
        "",
        "tensorflow.image",
        """resize=tf_resize resize_with_crop_or_pad=to_target resize_with_pad=to_target crop_to_bounding_box=to_target
        pad_to_bounding_box=to_target rgb_to_grayscale=tf_to_gray grayscale_to_rgb=tf_to_color sobel_edges=edges
        ssim=similarity psnr=similarity ssim_multiscale=similarity total_variation=similarity
        crop_and_resize=crops central_crop=central rot90=quarter transpose=image_transpose random_crop=cut
        stateless_random_crop=cut image_gradients=gradients hsv_to_rgb=tf_colors rgb_to_hsv=tf_colors
        rgb_to_yiq=three rgb_to_yuv=three yiq_to_rgb=three yuv_to_rgb=three""",
    ),
    (
        "spectra",
        "",
        "keras.ops",
        """correlate diff extract_sequences fft=complex_pair fft2=complex_pair ifft2=complex_pair irfft istft rfft stft
        view_as_complex view_as_real""",
    ),
    ("spectra", "", "tensorflow.signal", "frame rfft=tf_rfft rfft2d=tf_rfft2d irfft2d=tf_irfft2d stft=tf_stft"),
    (
        "creation",
        "given",
        "keras.ops",
        """arange=counted empty eye=unit full identity=unit ones tri=unit zeros
        linspace=spaced logspace=spaced geomspace=spaced shape=shape dtype=no_tensor is_tensor=no_tensor""",
    ),
    (
        "creation",
        "given",
        "keras.random",
        "beta binomial gamma normal randint truncated_normal uniform categorical=drawn",
    ),
    (
        "creation",
        "given",
        "keras.backend",
        """arange=counted eye=unit ones zeros random_bernoulli random_normal random_uniform truncated_normal shape=shape
        int_shape=shape
        ndim=rank count_params=count dtype=no_tensor is_keras_tensor=no_tensor is_sparse=no_tensor""",
    ),
    (
        "creation",
        "given",
        "tensorflow",
        """eye=unit ones range=counted zeros fill=filled shape=shape rank=rank
        is_tensor=no_tensor get_static_value=no_tensor print=no_tensor""",
    ),
    ("creation", "given", "tensorflow.random", "normal uniform truncated_normal stateless_normal stateless_uniform"),
)

#: Functions of `keras.ops` for which TensorFlow finds out less, or something else, than Keras does.
ONLY_SYMBOLIC = frozenset(
    f"keras.ops.{name}"
    for name in """array_split image.elastic_transform image.scale_and_translate inner median nanmedian nanpercentile
    nanquantile percentile quantile slogdet""".split()
)
#: Packages whose functions take the tensors inside a layer, but no symbolic ones.
ONLY_TRACED = ("jax.",)
#: Functions of `keras.ops` for which TensorFlow does not look at the sizes before the model runs.
LENIENT = frozenset(
    f"keras.ops.{name}" for name in "cumprod cumsum dot fold image.crop_images matmul one_hot tensordot".split()
)


def rules() -> dict[str, tuple[str, str]]:
    """Family and rule of each function."""
    found: dict[str, tuple[str, str]] = {}
    for family, usual, package, words in TABLE:
        for word in words.split():
            name, _, rule = word.partition("=")
            found[f"{package}.{name}"] = (family, rule or usual or name)
    return found
