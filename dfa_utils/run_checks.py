"""What training refuses: parts that do not belong together, and losses that are not finite."""

import numpy as np

from dfa_utils.activations import ACTIVATIONS
from dfa_utils.adversarial import FastGradientSign
from dfa_utils.arrays import namespace_of
from dfa_utils.checks import check_instance, refuse
from dfa_utils.choices import choose
from dfa_utils.datasets import Dataset
from dfa_utils.dropout import Dropout
from dfa_utils.feedback import feedback_shapes
from dfa_utils.losses import LOSSES, REDUCTIONS
from dfa_utils.network import check_fit, layer_sizes_of

OPTIMIZER_PARTS = ("error_scale", "initial_state", "update")


def check_step(step, num_layers, report):
    """Refuse a step that cannot be made, whatever the networks and the data.

    Parameters
    ----------
    step : Step
    num_layers : int
    report : callable

    Raises
    ------
    ValueError
    """
    choose("activation", step.activation, ACTIVATIONS)
    choose("loss", step.loss, LOSSES)
    choose("error_reduction", step.error_reduction, REDUCTIONS)
    if not all(hasattr(step.optimizer, name) for name in OPTIMIZER_PARTS):
        refuse("optimizer", "an SGD or an RMSprop", step.optimizer)
    for name, kind in (("dropout", Dropout), ("perturbation", FastGradientSign)):
        if getattr(step, name) is not None:
            check_instance(name, getattr(step, name), kind)
    if not isinstance(step.frozen, set | frozenset | list | tuple | range):
        refuse("frozen", "a collection of layers", step.frozen)
    for layer in step.frozen:
        if layer not in range(num_layers):
            refuse("frozen", f"layers from 0 to {num_layers - 1}", step.frozen)
    if not callable(report):
        refuse("report", "a function such as that of print_every", report)


def check_networks(rule, params, feedback, dataset, seeds):
    """Refuse a network, feedback matrices, a data set and seeds that do not belong together.

    Parameters
    ----------
    rule : callable
    params, feedback : list
    dataset : Dataset
    seeds : list of int

    Raises
    ------
    ValueError
    """
    check_instance("dataset", dataset, Dataset)
    check_fit(params, dataset.train_images)
    sizes = layer_sizes_of(params)
    if sizes[-1] != dataset.num_classes:
        raise ValueError(
            f"params must end in the {dataset.num_classes} classes of data set {dataset.name!r}, "
            f"got layer sizes {sizes}"
        )
    networks = params[0].weights.shape[0] if params[0].weights.ndim == 3 else None
    if networks != len(seeds):
        raise ValueError(f"seeds must name each of the {networks} stacked networks, got {seeds}")
    check_rule(rule, params, feedback)


def check_rule(rule, params, feedback):
    """Refuse a learning rule, networks and feedback matrices that do not belong together.

    Parameters
    ----------
    rule : callable
    params, feedback : list

    Raises
    ------
    ValueError
    """
    if not callable(rule) or not hasattr(rule, "__name__"):
        refuse("rule", "a function such as those of LEARNING_RULES", rule)
    if not isinstance(feedback, list | tuple):
        refuse("feedback", "a list of arrays", feedback)
    stack = tuple(params[0].weights.shape[:-2])
    expected = [(*stack, *shape) for shape in feedback_shapes(rule, layer_sizes_of(params))]
    shapes = [tuple(getattr(matrix, "shape", ())) for matrix in feedback]
    if shapes != expected:
        raise ValueError(
            f"feedback of {rule.__name__} must have the shapes {expected}, got {shapes}"
        )


def check_finite(values, params, epoch, rule, seeds):
    """Stop a run that has diverged.

    Parameters
    ----------
    values : dict
        Of the epoch, from `dfa_utils.training.train_epoch` and `dfa_utils.evaluation.evaluate`.
    params : list of Layer (seeds, ...)
    epoch : int
    rule : callable
    seeds : list of int

    Raises
    ------
    FloatingPointError
        The text names the epoch, the rule, and for each seed that has diverged the first layer
        with a parameter that is not finite; where all are finite, it is the logits that overflow.
    """
    finite = np.isfinite(values["train_loss"]) & np.isfinite(values["test_loss"])
    if not finite.all():
        places = [
            f"seed {seeds[row]} in {_first_broken_layer(params, row)}"
            for row in np.flatnonzero(~finite)
        ]
        raise FloatingPointError(
            f"the loss is not finite in epoch {epoch} ({rule.__name__}, {', '.join(places)}): "
            "try a smaller learning_rate"
        )


def _first_broken_layer(params, row):
    """Name the first layer of a network with a parameter that is not finite."""
    xp = namespace_of(params[0].weights)
    for number, layer in enumerate(params, start=1):
        if not all(bool(xp.all(xp.isfinite(array[row, ...]))) for array in layer):
            return f"hidden layer {number}" if number < len(params) else "the output layer"
    return "the logits"
