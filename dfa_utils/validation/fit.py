"""What belongs together: networks, feedback, data and seeds; and losses that are not finite.

Everything here asks only for shapes, types and attributes, and imports nothing of the method.
"""

from itertools import pairwise, product

import array_api_compat
import numpy as np

from dfa_utils.validation.checking import check, refuse


def check_params(params, sizes):
    """Refuse what is not the layers of a network of these widths; cheap enough for every batch."""
    if not isinstance(params, list | tuple) or not params:
        refuse("params", "a list of Layer", params)
    try:
        found = [(layer.weights.shape[-2], layer.biases.shape[-1]) for layer in params]
    except (TypeError, AttributeError, LookupError):
        refuse("params", "a list of Layer", params)
    expected = [*pairwise(sizes)]
    if found != expected:
        refuse("params", f"layers with (fan_in, fan_out) {expected}", found)


def check_samples(params, sizes, x):
    """Refuse parameters that are none of a network, and samples that do not fit them.

    Parameters
    ----------
    params : list of Layer
    sizes : tuple of int
        The widths of the network.
    x : array (..., n, features)

    Raises
    ------
    ValueError
    """
    check_params(params, sizes)
    features, dtype = params[0].weights.shape[-2], params[0].weights.dtype
    shape = tuple(getattr(x, "shape", ()))
    if len(shape) < 2 or not shape[-2] or shape[-1] != features or x.dtype != dtype:
        found = f"{getattr(x, 'dtype', type(x).__name__)} {shape}"
        raise ValueError(f"x must be {dtype} (..., n > 0, {features}), as params are, got {found}")


def check_start(seeds, dtype, **initialisers):
    """Refuse seeds and a type that are none, and what cannot draw."""
    check("seeds", seeds)
    check("dtype", dtype)
    for name, initialiser in initialisers.items():
        if not callable(initialiser):
            refuse(name, "an Initialiser", initialiser)


def check_run(run):
    """Refuse parts of a run that do not belong together.

    Parameters
    ----------
    run : dfa_utils.training.Run
        As far as its seeds and what it was given.

    Returns
    -------
    str
        The type of its arrays.
    """
    for name, kinds in (("network", ("sizes", "draw")), ("recipe", ("rule", "optimizer"))):
        if not all(hasattr(getattr(run, name), part) for part in kinds):
            refuse(name, f"a {name.capitalize()}", getattr(run, name))
    sizes, given = run.network.sizes, run.feedback_seeds
    if len(given) != len(run.seeds):
        refuse("feedback_seeds", f"{len(run.seeds)} numbers, one for each seed", given)
    layers = range(len(sizes) - 1)
    if not all(layer in layers for layer in run.frozen):
        refuse("frozen", f"layers from 0 to {layers[-1]}", sorted(run.frozen, key=str))
    return check_dataset(run.data, sizes)


def frozen_layers(frozen):
    """Return a collection of layers as a frozenset."""
    try:
        return frozenset(frozen)
    except TypeError:
        refuse("frozen", "a collection of layers", frozen)


def check_feedback(feedback, like):
    """Refuse feedback matrices that are not numbers."""
    for number, matrix in enumerate(feedback, start=1):
        check_array(f"feedback matrix {number}", matrix, like)


def check_hooks(measure, checkpoint, report):
    """Refuse what a run could not call after an epoch."""
    measures = {} if measure is None else measure
    if not isinstance(measures, dict) or not all(map(callable, measures.values())):
        refuse("measure", "a dict of functions", measure)
    if checkpoint is not None and not hasattr(checkpoint, "restore"):
        refuse("checkpoint", "a Checkpoint", checkpoint)
    if report is not None and not callable(report):
        refuse("report", "a function", report)


def check_whole(run):
    """Refuse to go on with networks that were left in the middle of an epoch."""
    if not run.is_whole:
        allowed = "whole (make it anew, or keep it in a checkpoint)"
        raise ValueError(f"run must be {allowed}, got one that broke off amid epoch {run.epoch}")


def check_branch(run, recipe, optimizer):
    """Refuse a branch whose optimizer cannot go on from what that of the run remembers."""
    check_whole(run)
    if not isinstance(optimizer, str) or optimizer not in ("fresh", "keep"):
        refuse("optimizer", "'fresh' or 'keep'", optimizer)
    if not hasattr(recipe, "optimizer"):
        refuse("recipe", "a Recipe", recipe)
    if optimizer == "keep" and type(recipe.optimizer) is not type(run.recipe.optimizer):
        refuse("optimizer", "'fresh' where the recipe has another optimizer", optimizer)


def check_is_dataset(data):
    """Refuse what holds no images."""
    if not hasattr(data, "train_images"):
        refuse("data", "a Dataset", data)


def check_dataset(dataset, sizes):
    """Refuse a data set of other widths or types than a network's, or with values not finite.

    Parameters
    ----------
    dataset : dfa_utils.data.Dataset
    sizes : tuple of int

    Returns
    -------
    str
        The type of its images.
    """
    check_is_dataset(dataset)
    ends = (dataset.train_images.shape[-1], dataset.num_classes)
    if ends != (sizes[0], sizes[-1]):
        raise ValueError(
            f"sizes must begin with the {ends[0]} features and end in the {ends[1]} classes of "
            f"data set {dataset.name!r}, got {list(sizes)}"
        )
    dtype = check("dtype", str(dataset.train_images.dtype).rpartition(".")[2])
    for part, kind in product(("train", "test", "validation"), ("images", "targets")):
        array, name = getattr(dataset, f"{part}_{kind}"), f"{part}_{kind} of {dataset.name!r}"
        if array is not None:
            check_array(name, array, dataset.train_images)
    return dtype


def check_array(name, array, like, shape=None):
    """Refuse an array of another type or shape, or one with values that are not finite.

    Parameters
    ----------
    name : str
    array : array (...)
    like : array
        Of the library and the type that are wanted.
    shape : tuple of int, optional
    """
    found = f"{getattr(array, 'dtype', type(array).__name__)} {tuple(getattr(array, 'shape', ()))}"
    kind = f"an array of {like.dtype}" + (f" {shape}" if shape is not None else "")
    if type(array) is not type(like) or array.dtype != like.dtype:
        raise ValueError(f"{name} must be {kind}, as the training images are, got {found}")
    if shape is not None and tuple(array.shape) != tuple(shape):
        raise ValueError(f"{name} must be {kind}, got {found}")
    xp = array_api_compat.array_namespace(array)
    if not bool(xp.all(xp.isfinite(array))):
        raise ValueError(f"{name} must be finite: some values are not")


def check_layers(params, sizes, seeds, like):
    """Refuse parameters that are not those of a network for each seed."""
    check_params(params, sizes)
    for number, (layer, fans) in enumerate(zip(params, pairwise(sizes), strict=True), start=1):
        shapes = ((len(seeds), *fans), (len(seeds), 1, fans[1]))
        for name, array, shape in zip(("weights", "biases"), layer, shapes, strict=True):
            check_array(f"{name} of layer {number}", array, like, shape)


def check_finite(values, run):
    """Stop a run that has diverged.

    Parameters
    ----------
    values : dict of str to numpy.ndarray (running seeds,)
        Losses and errors of the epoch.
    run : dfa_utils.training.Run

    Raises
    ------
    FloatingPointError
        The text names the epoch, the rule, and for each seed that has diverged the first layer
        with a parameter that is not finite; where all are finite, it is the logits that overflow.
    """
    finite = np.isfinite(values["train_loss"]) & np.isfinite(values["test_loss"])
    if not finite.all():
        places = [
            f"seed {run.seeds[run.running[row]]} in {_first_broken_layer(run.state.params, row)}"
            for row in np.flatnonzero(~finite)
        ]
        raise FloatingPointError(
            f"the loss is not finite in epoch {run.epoch} ({run.recipe.rule.name}, "
            f"{', '.join(places)}): try a smaller learning_rate"
        )


def _first_broken_layer(params, row):
    """Name the first layer of a network with a parameter that is not finite."""
    xp = array_api_compat.array_namespace(params[0].weights)
    for number, layer in enumerate(params, start=1):
        if not all(bool(xp.all(xp.isfinite(array[row, ...]))) for array in layer):
            return f"hidden layer {number}" if number < len(params) else "the output layer"
    return "the logits"
