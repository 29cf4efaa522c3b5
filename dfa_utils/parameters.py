"""What each parameter may be: one table for all notebooks, and what functions take besides.

Types are Python's own with limits, checked by pydantic; `dfa_utils.checks` turns what it finds
into one line. Whoever adds a parameter to a notebook adds a line here.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

WIDEST, LONGEST = 100_000, 1_000_000  # a layer and a run beyond these are slips of the finger


def _plain(value):
    """Turn NumPy's numbers and arrays, tuples and ranges into Python's numbers and lists."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple | range) else value


def _distinct(seeds):
    """Refuse a seed that is given twice: two equal networks would narrow the error bars."""
    if len(set(seeds)) < len(seeds):
        raise PydanticCustomError("must_be", "distinct")
    return seeds


def _pair(value, read):
    """Refuse, with one text for all, what is not a lower and a higher number."""
    try:
        ends = read(value)
    except ValidationError:
        ends = []
    if len(ends) != 2 or not ends[0] < ends[1]:
        allowed = "two finite numbers, the lower one first, such as [-1, 1]"
        raise PydanticCustomError("must_be", allowed)
    return ends


def number(**limits):
    """Return the type of a finite number within limits such as ``gt=0``."""
    return Annotated[float, BeforeValidator(_plain), Field(**limits)]


def integer(**limits):
    """Return the type of an integer within limits."""
    return Annotated[int, BeforeValidator(_plain), Field(**limits)]


def several(item, *further, **lengths):
    """Return the type of a list of items, with a length within limits."""
    return Annotated[list[item], Field(**lengths), BeforeValidator(_plain), *further]


POSITIVE, NOT_NEGATIVE, SHARE = number(gt=0), number(ge=0), number(ge=0, lt=1)
COUNT = integer(ge=1)
WIDTH, EPOCHS, SEED = integer(ge=1, le=WIDEST), integer(ge=1, le=LONGEST), integer(ge=0)
TEXT = Annotated[str, Field(min_length=1)]
INITIALISER = ("zeros", "normal", "uniform_fan_in", "uniform_fan_out")

#: Of the notebooks: the type of each parameter. A name means the same in all of them.
PARAMETERS = {
    "dataset": Literal["mnist", "fashion_mnist", "digits"],
    "input_range": several(number(), WrapValidator(_pair)),
    "train_samples": COUNT | None,
    "tsne_samples": integer(ge=5),  # of fewer, t-SNE makes no picture
    "hidden_sizes": several(WIDTH, min_length=1),
    "deep_hidden_sizes": several(WIDTH, min_length=1),
    "activation": Literal["tanh", "logistic", "relu"],
    "loss": Literal["binary_cross_entropy", "cross_entropy"],
    "rule": Literal["bp", "fa", "dfa", "ifa"],
    "optimizer": Literal["sgd", "rmsprop"],
    "learning_rate": POSITIVE,
    "sgd_rates": several(POSITIVE, min_length=1),
    "rmsprop_rates": several(POSITIVE, min_length=1),
    "error_reduction": Literal["sum", "mean"],
    "weight_initialiser": Literal["auto", *INITIALISER],
    "first_layer_initialiser": Literal["same", *INITIALISER],
    "bias_initialiser": Literal["same", *INITIALISER],
    "init_scale": NOT_NEGATIVE,
    "feedback_initialiser": Literal["weights", *INITIALISER],
    "feedback_scale": NOT_NEGATIVE,
    "feedback_scales": several(POSITIVE, min_length=1),
    "faint_feedback_scale": NOT_NEGATIVE,
    "dropout_input": SHARE,
    "dropout_hidden": SHARE,
    "adversarial_epsilon": NOT_NEGATIVE,
    "batch_size": COUNT,
    "pretrain_epochs": EPOCHS,
    "num_epochs": EPOCHS,
    "stop_train_error": number(ge=0, le=100) | None,
    "seeds": several(SEED, AfterValidator(_distinct), min_length=1),
    "backend": Literal["auto", "numpy", "cupy", "torch"],
    "checkpoint_dir": TEXT | None,
}

#: Of functions: the same, and what only they take, or take more of.
ARGUMENTS = PARAMETERS | {
    "layer_sizes": several(WIDTH, min_length=2),
    "num_epochs": integer(ge=0, le=LONGEST),
    "first_epoch": integer(ge=1),
    "checkpoint_every": COUNT,
    "interval": COUNT,
    "last_epochs": COUNT,
    "most": COUNT,
    "image_shape": several(COUNT, min_length=2, max_length=2),
    "seeds": several(SEED, min_length=1),
    "seed": SEED,
    "embedding_seed": integer(ge=0, lt=2**32),
    "scale": NOT_NEGATIVE,
    "smoothing": SHARE,
    "epsilon": POSITIVE,
    "name": TEXT,
    "prefix": str,
    "quantity": TEXT,
    "folder": str,
    "seconds": NOT_NEGATIVE,
    "dtype": Literal["float32", "float64"],
}
