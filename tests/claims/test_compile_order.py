"""What KM003 says about arguments in their old place, on the Keras that is installed."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")
keras = pytest.importorskip("keras")
if int(keras.__version__.partition(".")[0]) < 3:
    pytest.skip("the claims are about Keras 3", allow_module_level=True)


@pytest.mark.parametrize("old", [True, False])
def test_metrics_as_the_third_argument_of_compile_fail_in_fit(old: bool) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    if old:
        model.compile("sgd", "mse", ["mae"])
        with pytest.raises(ValueError, match="dtype"):
            model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0)
    else:
        model.compile("sgd", "mse", metrics=["mae"])
        assert "mae" in model.fit(np.zeros((4, 2)), np.zeros((4, 1)), verbose=0).history
