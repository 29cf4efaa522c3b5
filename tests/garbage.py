"""Garbage for every public function: a sound result, or one line that names the parameter."""

import re
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from hypothesis import strategies as st
from small_data import SIZES, random_dataset, small_run

from dfa_utils import (
    DFA,
    FA,
    RULES,
    SGD,
    Chapter,
    Checkpoint,
    Dropout,
    FastGradientSign,
    HalvedEvery,
    History,
    InverseDecay,
    Momentum,
    Network,
    Normal,
    Recipe,
    RMSprop,
    Run,
    UniformFanIn,
    UniformFanOut,
    Zeros,
    error_angles,
    figures,
    get_backend,
    load_dataset,
)
from dfa_utils.array import Stream, generator_for
from dfa_utils.chapter import records, stored
from dfa_utils.chapter.checkpoints import read_checkpoint
from dfa_utils.chapter.probes import neighbour_errors
from dfa_utils.chapter.selection import select
from dfa_utils.network import Layer
from dfa_utils.validation import check_parameters, choose

DATA = random_dataset()
RUN = small_run()
NETWORK, RECIPE, PARAMS, FEEDBACK = RUN.network, RUN.recipe, RUN.params, RUN.feedback
ERRORS = {(scale, rate): [9.0, 8.0] for scale in (0.1, 1.0) for rate in (0.01, 0.1)}
HISTORY = History((0, 1), np.arange(1, 4), *[np.ones((3, 2))] * 4)
ANGLES = np.ones((4, 2, 2))


def silent(*_):
    """Report nothing."""


def fit(until, stop, measure, checkpoint, report):
    """Train small networks."""
    return small_run().fit(until, stop, measure, checkpoint, report)


def branch(recipe, frozen, optimizer, feedback_seeds):
    """Go on from small networks."""
    arguments = {"frozen": frozen, "optimizer": optimizer, "feedback_seeds": feedback_seeds}
    return small_run().branch(recipe, **arguments).fit(1)


def between(data, hidden_sizes, activation):
    """Make a network for a data set."""
    return Network.between(data, hidden_sizes, activation)


def draw(seeds, weights, biases, first_layer, backend, dtype):
    """Draw the parameters of a small network."""
    return NETWORK.draw(seeds, weights, biases, first_layer, backend, dtype)


def forward(params, x):
    """Propagate a batch."""
    return NETWORK.forward(params, x)


def predict(params, x):
    """Classify images."""
    return NETWORK.predict(params, x)


def features(params, x):
    """Return what hidden layers put out."""
    return NETWORK.features(params, x)


def last(quantity):
    """Return the last values of a history."""
    return HISTORY.last(quantity)


# Integers are small, or too large for anything: none asks for an hour of work.
INTEGERS = st.integers(-5, 12) | st.sampled_from([10**30, -(10**30), 2**63, 10**400])
LETTERS = st.characters(blacklist_characters="/.")  # a text may become the name of a file
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    INTEGERS,
    st.floats(),
    st.complex_numbers(),
    st.text(LETTERS, max_size=6),
    st.binary(max_size=4),
    st.sampled_from(["dfa", "tanh", "numpy", "digits", "sum", "float32", "1e-4", "[0, 1]"]),
    st.sampled_from([np.float32(0.1), np.int64(3), np.nan, np.bool_(True), np.datetime64("NaT")]),
)
OBJECTS = st.sampled_from(
    [
        *(
            object(),
            len,
            int,
            Layer,
            SGD(0.1),
            Dropout(),
            RUN,
            RECIPE,
            NETWORK,
            (x for x in [1]),
            range(3),
        ),
        *(Layer(1, 2), [Layer(None, None)], [Layer(np.ones(2), np.ones(2))], PARAMS[1:], PARAMS),
        *(PARAMS[:1], FEEDBACK, FEEDBACK[::-1], DATA, HISTORY, DATA.backend, DATA.train_images),
        *(np.zeros((0, 6)), np.zeros(3), np.full((4, 6), np.nan), np.array(["a", "b"])),
        *(np.array([None, object()]), np.ones((2, 6), complex), np.ones((9, 6)), np.ones((7, 1))),
        *({"DFA": HISTORY}, {"DFA": 3}, {"nobody": HISTORY}, choose),
        *(ERRORS, {(1.0, 0.1): 3}, {(0, 0.1): [3]}, {(1.0, 0.1): [np.nan]}, {"SGD": {}}),
    ]
)
GARBAGE = st.one_of(
    SCALARS,
    OBJECTS,
    st.lists(SCALARS, max_size=4),
    st.tuples(SCALARS, SCALARS),
    st.dictionaries(SCALARS.filter(lambda key: key == key), SCALARS, max_size=2),
    st.frozensets(st.integers(-2, 5), max_size=3),
)

STARTS = {"weights": Normal(0.1), "biases": Zeros(), "first_layer": Normal(1.0)}
IMAGES = {"params": PARAMS, "x": DATA.test_images}
LOAD = {"name": "digits", "backend": "numpy", "input_range": (0, 1), "train_samples": 9}
RATE = {"rate": 0.1, "schedule": HalvedEvery(2)}
# Each with arguments that it accepts; garbage takes the place of some.
CALLS = {
    Run: STARTS
    | {
        "network": NETWORK,
        "recipe": RECIPE,
        "data": DATA,
        "seeds": (0, 1),
        "params": None,
        "feedback_seeds": (4, 5),
        "frozen": {0},
    },
    fit: {
        "until": 2,
        "stop": 4.0,
        "measure": {"angles": error_angles},
        "checkpoint": None,
        "report": silent,
    },
    branch: {"recipe": RECIPE, "frozen": {0}, "optimizer": "keep", "feedback_seeds": None},
    Recipe: {
        "rule": DFA(),
        "optimizer": RMSprop(0.01),
        "loss": "cross_entropy",
        "reduction": "sum",
        "batch_size": 16,
        "dropout": Dropout(0.1, 0.5),
        "perturbation": FastGradientSign(0.1),
    },
    Network: {"sizes": SIZES, "activation": "relu"},
    between: {"data": DATA, "hidden_sizes": (5, 4), "activation": "tanh"},
    draw: STARTS | {"seeds": (0, 1), "backend": "numpy", "dtype": "float32"},
    forward: IMAGES,
    predict: IMAGES,
    features: IMAGES,
    last: {"quantity": "test_error"},
    DFA: {"feedback": Normal(0.1)},
    FA: {"feedback": Normal(0.1), "copied": False},
    **{kind: {"scale": 1.0} for kind in (Normal, UniformFanIn, UniformFanOut)},
    SGD: RATE | {"weight_decay": 0.1},
    Momentum: RATE | {"momentum": 0.9, "nesterov": True},
    RMSprop: RATE | {"smoothing": 0.9, "epsilon": 1e-8},
    HalvedEvery: {"epochs": 2},
    InverseDecay: {"decay": 0.1},
    Dropout: {"input": 0.1, "hidden": 0.5},
    FastGradientSign: {"epsilon": 0.1},
    generator_for: {"seed": 0, "stream": Stream.SHUFFLE},
    load_dataset: LOAD
    | {"validation_samples": 7, "label_noise": 0.5, "label_seed": 1, "dtype": "float32"},
    get_backend: {"backend": "numpy"},
    check_parameters: {"values": {"learning_rate": 0.1}},
    choose: {"parameter": "rule", "name": "dfa", "choices": RULES},
    Chapter: {"namespace": {"seeds": [0], "backend": "numpy"}},
    Checkpoint: {"path": "absent", "every": 2},
    read_checkpoint: {"path": "absent"},
    records.read_records: {"path": "absent"},
    records.record: {"name": "error", "value": 1.0},
    records.record_errors: {"prefix": "bp", "quantity": "test_error", "errors": [1.0, 2.0]},
    records.record_curve: {"name": "angle", "values": ANGLES},
    records.record_history: {"history": HISTORY},
    stored.load_results: {"name": "paper_table/2x800_tanh_dfa"},
    stored.load_history: {"name": "paper_table/2x800_tanh_dfa"},
    stored.load_sweep: {"name": "scale_and_rate"},
    select: {"histories": {"one": replace(HISTORY, validation_error=HISTORY.test_error)}},
    neighbour_errors: {"features": np.zeros((1, 4, 6)), "labels": np.zeros(4, int)},
    stored.list_results: {"folder": "paper_table"},
    figures.embed: {"features": DATA.test_images[:7], "seed": 0},
    figures.plot_error_curves: {"histories": {"DFA": HISTORY}},
    figures.plot_release: {
        "frozen": HISTORY,
        "releases": {"BP": HISTORY},
        "release": 1,
        "last_epochs": 2,
    },
    figures.plot_seeds: {"histories": {"DFA": HISTORY}},
    figures.plot_alignment: {"histories": {"DFA": HISTORY}, "angles": {"DFA": ANGLES}},
    figures.show_epochs: {"runs": {"zero": ({"DFA": HISTORY}, {"DFA": ANGLES})}},
    figures.show_embeddings: {
        "embeddings": {"inputs": np.zeros((4, 2))},
        "images": np.zeros((4, 6)),
        "image_shape": (2, 3),
        "labels": np.zeros(4, int),
        "class_names": ("a", "b"),
        "most": 3,
    },
    figures.plot_embeddings: {
        "embeddings": {"inputs": np.zeros((4, 2))},
        "labels": np.zeros(4),
        "class_names": ("a", "b"),
    },
    figures.plot_error_maps: {"maps": {"SGD": ERRORS}},
    figures.plot_against_product: {"errors": ERRORS},
    figures.plot_measured: {"values": {"DFA": ANGLES}, "ylabel": "angle", "titles": ["a", "b"]},
    figures.plot_against: {
        "places": [1, 10],
        "values": {"DFA": np.ones((2, 3))},
        "xlabel": "width",
        "ylabel": "distance",
    },
    figures.plot_images: {
        "rows": {"DFA": np.ones((2, 6))},
        "image_shape": (2, 3),
        "captions": {"DFA": ["a", "b"]},
        "signed": True,
    },
    figures.plot_pairs: {
        "tables": {"layer 1": np.ones((2, 2, 2, 2))},
        "names": ["BP", "DFA"],
        "label": "CKA",
    },
    figures.plot_panels_against: {
        "places": [1, 10],
        "panels": {"one": {"DFA": np.ones((2, 3))}},
        "xlabel": "epsilon",
        "ylabel": "error",
    },
    figures.plot_pictures: {
        "rows": {"as it is": {"DFA": (np.ones((2, 3)), "7")}},
        "input_range": (0.0, 1.0),
        "truth": "7",
    },
    figures.plot_test_errors: {"histories": {"both": HISTORY}},
    figures.plot_errors_by_rule: {"errors": {"DFA": [2.0, 3.0]}},
    figures.plot_bias_and_variance: {"judged": {"DFA": np.ones((2, 4))}},
    figures.plot_variations: {
        "panels": {"scale": {"DFA": {"0.1": [2.0, 3.0], "1": [1.0, 2.0]}}},
        "ylabel": "error",
        "levels": {"BP": [1.0, 2.0]},
        "columns": 2,
        "logarithmic": True,
    },
}
# What is called is code: a function of another signature is a mistake in code, with a traceback.
CODE = {"report", "stop", *STARTS}
ONE_LINE = re.compile(r"(\w+)(\[\d+\])* (?:of \w+ )?must .*, got .*")


def is_slow(function):
    """Tell whether a call takes so long that fewer of them must do."""
    name = function.__name__
    return name in ("embed", "load_dataset", "fit", "branch") or name.startswith("plot_")


def names_of(function):
    """Return the arguments of a function that garbage may replace."""
    # Registries and streams are the caller's own code, not something that somebody types.
    return [name for name in CALLS[function] if name not in ("choices", "stream", "parameter")]


def attempt(function, replaced):
    """Call a function with garbage; tell whether it was refused.

    Raises
    ------
    AssertionError
        If it fails in another way, or what it returns is not sound.
    """
    replaced = {n: v for n, v in replaced.items() if not (n in CODE and callable(v))}
    arguments = CALLS[function] | replaced
    try:
        with np.errstate(all="ignore"):
            result = function(**arguments)
    except (ValueError, TypeError) as error:
        match = ONE_LINE.fullmatch(str(error))
        assert match, f"not one line that says what is allowed: {error!r}"
        return True
    except FloatingPointError as error:
        assert "the loss is not finite in epoch" in str(error)
        return True
    except OSError as error:
        assert error.errno and arguments.keys() & {"path", "checkpoint"}, repr(error)
        return True
    finally:
        plt.close("all")
    check_sound(function, arguments, result)
    return False


def check_sound(function, arguments, result):
    """Assert what holds for every result, whatever the arguments were."""
    if function in (fit, branch):
        assert np.isfinite(result.history.last("train_loss")).all() or not result.epoch
        assert result.epoch <= arguments.get("until", 1)
    elif function is Run:
        assert result.fit(1).history.train_loss.shape == (1, len(arguments["seeds"]))
    elif function is Network:
        assert result.sizes == tuple(arguments["sizes"])
    elif function is load_dataset:
        low, high = arguments["input_range"]
        assert low <= result.train_images.min() <= result.train_images.max() <= high
    elif function is figures.embed:
        assert result.shape == (len(arguments["features"]), 2) and np.isfinite(result).all()
    elif function in (SGD, Momentum, RMSprop):
        assert type(result.rate) is float and 0 < result.rate < np.inf
    elif function is predict:
        assert ((result >= 0) & (result < DATA.num_classes)).all()
