"""What each parameter may be: one table for all notebooks, and what functions take besides.

Types are Python's own with limits, checked by pydantic; `dfa_utils.validation.checking` turns what
it finds into one line. Whoever adds a parameter to a notebook adds a line here. Names that stand
for something, such as that of a rule, are not listed: the room that owns them hands its dict to
`register`, and what is in it at the time of a check is allowed.
"""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, WrapValidator
from pydantic_core import PydanticCustomError

WIDEST, LONGEST = 100_000, 1_000_000  # a layer and a run beyond these are slips of the finger

REGISTRIES = {}  # by kind, such as "rule": what can be chosen, by name


def register(kind, registry):
    """Let the names of a registry be what a parameter of some kind may be.

    Parameters
    ----------
    kind : str
        As ``choice`` names it in the table, such as ``"rule"``.
    registry : dict
        By name. It is kept, not copied: what is added to it later may be chosen too.

    Returns
    -------
    dict
        The registry itself.
    """
    REGISTRIES[kind] = registry
    return registry


def choice(kind, *further):
    """Return the type of a name in the registry of some kind, or of one of further words."""

    def known(value):
        if kind not in REGISTRIES:
            raise LookupError(f"no room that is loaded has registered a {kind}")
        names = [*further, *REGISTRIES[kind]]
        if not isinstance(value, str) or value not in names:
            raise PydanticCustomError("must_be", f"one of {', '.join(map(repr, names))}")
        return value

    return Annotated[Any, AfterValidator(known)]


def plain(value):
    """Turn NumPy's numbers and arrays, tuples and ranges into Python's numbers and lists."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return [plain(item) for item in value] if isinstance(value, list | tuple | range) else value


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


def _rule_of_stopping(value):
    """Let a callable pass, and a train error that is none be refused as one."""
    if callable(value) or value is None:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise PydanticCustomError("must_be", "a train error from 0 to 100 percent, or callable")
    return float(value)


def number(**limits):
    """Return the type of a finite number within limits such as ``gt=0``."""
    return Annotated[float, BeforeValidator(plain), Field(**limits)]


def integer(**limits):
    """Return the type of an integer within limits."""
    return Annotated[int, BeforeValidator(plain), Field(**limits)]


def several(item, *further, **lengths):
    """Return the type of a list of items, with a length within limits."""
    return Annotated[list[item], Field(**lengths), BeforeValidator(plain), *further]


POSITIVE, NOT_NEGATIVE, SHARE = number(gt=0), number(ge=0), number(ge=0, lt=1)
COUNT = integer(ge=1)
WIDTH, EPOCHS, SEED = integer(ge=1, le=WIDEST), integer(ge=1, le=LONGEST), integer(ge=0)
TEXT = Annotated[str, Field(min_length=1)]

#: Of the notebooks: the type of each parameter. A name means the same in all of them.
PARAMETERS = {
    "dataset": choice("dataset"),
    "input_range": several(number(), WrapValidator(_pair)),
    "train_samples": COUNT | None,
    "validation_samples": integer(ge=0),
    "label_noises": several(number(ge=0, le=1), min_length=1),
    "tsne_samples": integer(ge=5),  # of fewer, t-SNE makes no picture
    "hidden_sizes": several(WIDTH, min_length=1),
    "deep_hidden_sizes": several(WIDTH, min_length=1),
    "channels": several(WIDTH, min_length=2, max_length=2),
    "widths": several(WIDTH, min_length=2),
    "output_scales": several(POSITIVE, min_length=2),
    "activation": choice("activation"),
    "loss": choice("loss"),
    "rule": choice("rule"),
    "optimizer": choice("optimizer"),
    "learning_rate": POSITIVE,
    "rate_schedule": choice("rate_schedule"),
    "decay_epochs": COUNT,
    "rate_decay": NOT_NEGATIVE,
    "momentum": SHARE,
    "weight_decay": NOT_NEGATIVE,
    "sgd_rates": several(POSITIVE, min_length=1),
    "rmsprop_rates": several(POSITIVE, min_length=1),
    "error_reduction": choice("error_reduction"),
    "weight_initialiser": choice("initialiser", "auto"),
    "first_layer_initialiser": choice("initialiser", "same"),
    "bias_initialiser": choice("initialiser", "same"),
    "init_scale": NOT_NEGATIVE,
    "init_scales": several(POSITIVE, min_length=1),
    "feedback_initialiser": choice("initialiser", "weights"),
    "feedback_scale": NOT_NEGATIVE,
    "feedback_scales": several(POSITIVE, min_length=1),
    "faint_feedback_scale": NOT_NEGATIVE,
    "zero_shares": several(SHARE, min_length=1),
    "ranks": several(COUNT, min_length=1),
    "noise_levels": several(POSITIVE, min_length=1),
    "narrow_widths": several(WIDTH, min_length=1),
    "wide_width": WIDTH,
    "depths": several(integer(ge=1, le=1000), min_length=1),
    "deep_width": WIDTH,
    "dropout_input": SHARE,
    "dropout_hidden": SHARE,
    "adversarial_epsilon": NOT_NEGATIVE,
    "attack_epsilons": several(POSITIVE, min_length=1),
    "judged_epsilon": POSITIVE,
    "attack_steps": COUNT,
    "attacked_samples": COUNT,
    "batch_size": COUNT,
    "pretrain_epochs": EPOCHS,
    "num_epochs": EPOCHS,
    "ifa_epochs": EPOCHS,
    "release_epochs": EPOCHS,
    "upper_frozen_epochs": EPOCHS,
    "error_levels": several(number(gt=0, lt=100), min_length=1),
    "noise_epochs": EPOCHS,
    "stop_train_error": number(ge=0, le=100) | None,
    "seeds": several(SEED, AfterValidator(_distinct), min_length=1),
    "feedback_seeds": several(SEED, min_length=1) | None,
    "least_seeds": COUNT,
    "many_seeds": several(SEED, AfterValidator(_distinct), min_length=1),
    "backend": Literal["auto", "numpy", "cupy", "torch"],
    "checkpoint_dir": TEXT | None,
}

#: Of functions: the same, and what only they take, or take more of.
ARGUMENTS = PARAMETERS | {
    "layer_sizes": Annotated[several(WIDTH, min_length=2), AfterValidator(tuple)],
    "num_epochs": integer(ge=0, le=LONGEST),
    "until": integer(ge=0, le=LONGEST),
    "stop": Annotated[Any, AfterValidator(_rule_of_stopping)],
    "checkpoint_every": COUNT,
    "interval": COUNT,
    "last_epochs": COUNT,
    "most": COUNT,
    "image_shape": several(COUNT, min_length=2, max_length=2),
    "seeds": several(SEED, min_length=1),
    "seed": SEED,
    "label_seed": SEED,
    "classes": several(SEED, AfterValidator(_distinct), min_length=1),
    "embedding_seed": integer(ge=0, lt=2**32),
    "scale": NOT_NEGATIVE,
    "zeros": SHARE,
    "rank": COUNT,
    "rate": POSITIVE,
    "decay": NOT_NEGATIVE,
    "nesterov": bool,
    "copied": bool,
    "magnitudes": Literal["uniform", "fixed", "anew"],
    "deviation": POSITIVE,
    "epochs": COUNT,
    "input": SHARE,
    "hidden": SHARE,
    "smoothing": SHARE,
    "epsilon": POSITIVE,
    "name": TEXT,
    "prefix": str,
    "quantity": TEXT,
    "folder": str,
    "seconds": NOT_NEGATIVE,
    "label_noise": number(ge=0, le=1),
    "dtype": Literal["float32", "float64"],
}
