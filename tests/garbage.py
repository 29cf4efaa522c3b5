"""Garbage for every public function: a sound result, or one line that names the parameter."""

import re

import matplotlib.pyplot as plt
import numpy as np
from hypothesis import strategies as st
from small_data import SIZES, random_dataset, random_network

from dfa_utils import (
    alignment,
    alignment_plots,
    checkpoints,
    features,
    feedback,
    initialisers,
    interactive,
    network,
    plots,
    records,
    sweep_plots,
)
from dfa_utils.adversarial import FastGradientSign
from dfa_utils.arrays import get_backend
from dfa_utils.checks import check_parameters
from dfa_utils.choices import choose
from dfa_utils.datasets import load_dataset
from dfa_utils.dropout import Dropout
from dfa_utils.evaluation import evaluate
from dfa_utils.history import History
from dfa_utils.learning_rules import LEARNING_RULES, direct_feedback_alignment
from dfa_utils.network import Layer
from dfa_utils.optimizers import SGD, RMSprop
from dfa_utils.randomness import Stream, generator_for
from dfa_utils.reports import print_every
from dfa_utils.stored_results import list_results, load_history, load_results, load_sweep
from dfa_utils.training import train

DATA = random_dataset()
PARAMS, FEEDBACK = random_network(direct_feedback_alignment, (0, 1))
ERRORS = {(scale, rate): [9.0, 8.0] for scale in (0.1, 1.0) for rate in (0.01, 0.1)}
HISTORY = History((0, 1), np.arange(1, 4), *[np.ones((3, 2))] * 4)


def silent(*_):
    """Report nothing."""


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
        *(object(), len, int, Layer, SGD(0.1), Dropout(), (x for x in [1]), range(3)),
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

TRAIN = {
    "rule": direct_feedback_alignment,
    "params": PARAMS,
    "dataset": DATA,
    "feedback": FEEDBACK,
    "activation": "tanh",
    "loss": "cross_entropy",
    "error_reduction": "sum",
    "optimizer": RMSprop(0.01),
    "dropout": None,
    "perturbation": None,
    "frozen": (),
    "batch_size": 16,
    "num_epochs": 2,
    "stop_train_error": None,
    "first_epoch": 1,
    "seeds": (0, 1),
    "report": silent,
    "checkpoint": None,
    "checkpoint_every": 1,
}
CURVES = {"dfa": {"test_error": np.ones((3, 2)), "angles": np.ones((4, 2, 2))}}
IMAGES = {"params": PARAMS, "x": DATA.test_images, "activation": "tanh"}
NETWORK = {"layer_sizes": SIZES, "seeds": (0, 1), "backend": "numpy", "dtype": "float32"}
LOAD = {"name": "digits", "backend": "numpy", "input_range": (0, 1), "train_samples": 9}
# Each with arguments that it accepts; garbage takes the place of some.
CALLS = {
    train: TRAIN,
    alignment.error_angles: {
        "rule": direct_feedback_alignment,
        "params": PARAMS,
        "feedback": FEEDBACK,
        "x": DATA.test_images,
        "targets": DATA.test_targets,
        "activation": "tanh",
        "loss": "cross_entropy",
    },
    alignment.follow_alignment: {
        "rule": direct_feedback_alignment,
        "params": PARAMS,
        "dataset": DATA,
        "feedback": FEEDBACK,
        "activation": "tanh",
        "loss": "cross_entropy",
        "num_epochs": 2,
        "seeds": (0, 1),
    },
    evaluate: {"params": PARAMS, "dataset": DATA, "activation": "relu", "loss": "cross_entropy"},
    network.forward_propagation: IMAGES,
    network.compute_logits: IMAGES,
    network.predict: IMAGES,
    network.compute_accuracy: IMAGES | {"labels": DATA.test_labels},
    features.extract_features: IMAGES,
    features.embed: {"features": DATA.test_images[:7], "seed": 0},
    network.initialise_params: NETWORK | {"weights": initialisers.zeros, "biases": None},
    feedback.initialise_feedback: NETWORK
    | {"rule": direct_feedback_alignment, "initialiser": initialisers.zeros},
    feedback.feedback_shapes: {"rule": direct_feedback_alignment, "layer_sizes": SIZES},
    feedback.transposed_weights: {"params": PARAMS},
    initialisers.normal: {"scale": 1},
    initialisers.uniform_fan_in: {"scale": 1},
    initialisers.uniform_fan_out: {"scale": 1},
    generator_for: {"seed": 0, "stream": Stream.SHUFFLE},
    load_dataset: LOAD | {"dtype": "float32"},
    get_backend: {"backend": "numpy"},
    SGD: {"learning_rate": 0.1},
    RMSprop: {"learning_rate": 0.1, "smoothing": 0.9, "epsilon": 1e-8},
    Dropout: {"input": 0.1, "hidden": 0.5},
    FastGradientSign: {"epsilon": 0.1},
    print_every: {"interval": 2},
    check_parameters: {"values": {"learning_rate": 0.1}},
    choose: {"parameter": "rule", "name": "dfa", "choices": LEARNING_RULES},
    checkpoints.checkpoint_path: {"folder": None, "name": "run"},
    checkpoints.read_checkpoint: {"path": "absent"},
    records.read_records: {"path": "absent"},
    records.record: {"name": "error", "value": 1.0},
    records.record_errors: {"prefix": "bp", "quantity": "test_error", "errors": [1.0, 2.0]},
    records.record_history: {"history": HISTORY},
    records.show_provenance: {"backend": DATA.backend, "parameters": {}, "seconds": 1.0},
    load_results: {"name": "paper_table/2x800_tanh_dfa"},
    load_history: {"name": "paper_table/2x800_tanh_dfa"},
    load_sweep: {"name": "scale_and_rate"},
    list_results: {"folder": "paper_table"},
    plots.plot_error_curves: {"histories": {"DFA": HISTORY}},
    plots.plot_release: {
        "pretraining": HISTORY,
        "releases": {"BP": HISTORY},
        "last_epochs": 2,
    },
    alignment_plots.plot_alignment: {"curves": CURVES},
    interactive.show_epochs: {"runs": {"zero": CURVES}},
    interactive.show_embeddings: {
        "embeddings": {"inputs": np.zeros((4, 2))},
        "images": np.zeros((4, 6)),
        "image_shape": (2, 3),
        "labels": np.zeros(4, int),
        "class_names": ("a", "b"),
        "most": 3,
    },
    plots.plot_embeddings: {
        "embeddings": {"inputs": np.zeros((4, 2))},
        "labels": np.zeros(4),
        "class_names": ("a", "b"),
    },
    sweep_plots.plot_error_maps: {"maps": {"SGD": ERRORS}},
    sweep_plots.plot_against_product: {"errors": ERRORS},
    sweep_plots.plot_test_errors: {"histories": {"both": HISTORY}},
}
# What is called is code: a function of another signature is a mistake in code, with a traceback.
CODE = {"rule", "report", "weights", "biases", "initialiser", "optimizer"}
ONE_LINE = re.compile(r"(\w+)(\[\d+\])* (?:of \w+ )?must .*, got .*")


def is_slow(function):
    """Tell whether a call takes so long that fewer of them must do."""
    name = function.__name__
    return name in ("embed", "load_dataset", "train") or name.startswith("plot_")


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
    if arguments.get("biases", 0) is None and "biases" not in replaced:
        arguments["biases"] = initialisers.zeros
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
    if function is train:
        params, history = result
        assert history.train_loss.shape == (len(history.epochs), len(arguments["seeds"]))
        assert len(history.epochs) <= arguments["num_epochs"]
        assert np.isfinite(history.last("train_loss")).all() or not len(history.epochs)
        assert [layer.weights.shape for layer in params] == [
            layer.weights.shape for layer in arguments["params"]
        ]
    elif function is network.initialise_params:
        assert network.layer_sizes_of(result) == list(arguments["layer_sizes"])
    elif function is load_dataset:
        low, high = arguments["input_range"]
        assert low <= result.train_images.min() <= result.train_images.max() <= high
    elif function is features.embed:
        assert result.shape == (len(arguments["features"]), 2) and np.isfinite(result).all()
    elif function in (SGD, RMSprop):
        assert type(result.learning_rate) is float and 0 < result.learning_rate < np.inf
    elif function is network.compute_accuracy:
        assert ((result >= 0) & (result <= 100)).all()
