"""Training: the loop that all learning rules share."""

from typing import Any, NamedTuple

import numpy as np

from dfa_utils.batches import gather, mini_batches, shuffled_orders
from dfa_utils.choices import choose
from dfa_utils.evaluation import evaluate, measure
from dfa_utils.feedback import feedback_shapes
from dfa_utils.history import QUANTITIES, History
from dfa_utils.losses import LOSSES
from dfa_utils.network import copy_params, forward_propagation, layer_sizes_of
from dfa_utils.optimizers import SGD
from dfa_utils.randomness import Stream, generator_for
from dfa_utils.reports import print_every
from dfa_utils.stacks import join_networks, take_networks

PLAIN_SGD = SGD(learning_rate=0.01)
EVERY_EPOCH = print_every(1)
# What the error of a batch of n samples is multiplied by.
REDUCTIONS = {"mean": lambda count: 1 / count, "sum": lambda count: 1.0}


class Stack(NamedTuple):
    """What the networks that are trained at once carry from step to step, (seeds, ...) each."""

    params: list
    feedback: list
    optimizer_state: list


class Step(NamedTuple):
    """How a mini-batch changes the networks; see `train`."""

    rule: Any
    activation: str
    loss: str
    error_reduction: str
    optimizer: Any
    dropout: Any
    perturbation: Any
    frozen: Any


def train(
    rule,
    params,
    dataset,
    *,
    feedback=(),
    activation="tanh",
    loss="binary_cross_entropy",
    error_reduction="mean",
    optimizer=PLAIN_SGD,
    dropout=None,
    perturbation=None,
    frozen=(),
    batch_size=64,
    num_epochs=10,
    stop_train_error=None,
    first_epoch=1,
    seeds=(0,),
    report=EVERY_EPOCH,
):
    """Train one network for each seed, all of them at once.

    Parameters
    ----------
    rule : callable
        One of `dfa_utils.learning_rules.LEARNING_RULES`.
    params : list of Layer
        Initial parameters, (seeds, ...). They are left as they are.
    dataset : Dataset
    feedback : sequence of array
        The rule's feedback matrices, see `dfa_utils.feedback`; none for back-propagation.
    activation : {"tanh", "logistic", "relu"}
    loss : {"binary_cross_entropy", "cross_entropy"}
    error_reduction : {"mean", "sum"}
        Whether gradients are those of the mean or of the sum of the loss over the mini-batch.
    optimizer : SGD or RMSprop
    dropout : Dropout, optional
    perturbation : FastGradientSign, optional
        Changes every batch before the networks are trained on it.
    frozen : collection of int
        Layers, the first is 0, that stay as they are.
    batch_size : int
        The last batch of an epoch holds what is left.
    num_epochs : int
    stop_train_error : float, optional
        A seed stops after the epoch in which its train error, in percent, is at most this; the
        others go on.
    first_epoch : int
        The number of the first epoch; a run that goes on from another begins after its last. The
        shuffle of an epoch, and what it drops, depend on its number and the seed alone.
    seeds : sequence of int
    report : callable
        Called after each epoch as ``report(epoch, last_epoch, values)``; ``values`` maps the four
        quantities of `History` to arrays of the seeds that were trained in it.

    Returns
    -------
    params : list of Layer
        The trained parameters.
    history : History

    Raises
    ------
    ValueError
        If the feedback matrices or the seeds do not fit the rule and the network.
    FloatingPointError
        If a loss is not finite; the text names the epoch, the rule and the seeds.
    """
    _check_shapes(rule, params, feedback, dataset, seeds)
    step = Step(rule, activation, loss, error_reduction, optimizer, dropout, perturbation, frozen)
    params = copy_params(params)
    stack = Stack(params, list(feedback), optimizer.initial_state(params))
    epochs = np.arange(first_epoch, first_epoch + num_epochs)
    curves = {name: np.full((num_epochs, len(seeds)), np.nan) for name in QUANTITIES}
    running, finished = np.arange(len(seeds)), {}
    for row, epoch in enumerate(epochs):
        trained = [seeds[column] for column in running]
        values = train_epoch(step, stack, dataset, batch_size, trained, epoch)
        values |= evaluate(stack.params, dataset, activation, loss)
        for name, value in values.items():
            curves[name][row, running] = value
        _check_finite(values, epoch, rule, trained)
        report(epoch, epochs[-1], values)
        if stop_train_error is not None:
            stack, running = _put_aside(
                stack, running, values["train_error"] <= stop_train_error, finished
            )
        if not running.size:
            break
    _put_aside(stack, running, np.ones(running.size, dtype=bool), finished)
    ran = ~np.isnan(curves["train_error"]).all(axis=1)
    curves = {name: values[ran] for name, values in curves.items()}
    return join_networks(finished), History(tuple(seeds), epochs[ran], **curves)


def train_epoch(step, stack, dataset, batch_size, seeds, epoch):
    """Change the networks of a stack, in place, by one pass over the training set.

    Parameters
    ----------
    step : Step
    stack : Stack
    dataset : Dataset
    batch_size : int
    seeds : sequence of int
    epoch : int

    Returns
    -------
    dict
        ``train_loss`` (nats a sample) and ``train_error`` (percent), numpy.ndarray (seeds,).
    """
    params, feedback, optimizer_state = stack
    backend, optimizer = dataset.backend, step.optimizer
    objective = choose("loss", step.loss, LOSSES)
    reduction = choose("error_reduction", step.error_reduction, REDUCTIONS)
    generators = [generator_for(seed, Stream.DROPOUT, epoch) for seed in seeds]
    orders, logits = shuffled_orders(dataset, seeds, epoch), []
    for batch in mini_batches(orders, batch_size):
        x = gather(dataset.train_images, batch, backend.xp)
        targets = gather(dataset.train_targets, batch, backend.xp)
        count, masks = x.shape[-2], ()
        if step.perturbation:
            x = step.perturbation.perturb(params, x, targets, step.activation, objective)
        if step.dropout:
            masks = step.dropout.masks(generators, params, count, backend)
        forward = forward_propagation(params, x, step.activation, masks)
        error = objective.error(forward.logits, targets)
        error *= optimizer.error_scale * reduction(count)
        errors = step.rule(params, feedback, forward, error)
        optimizer.update(params, forward.inputs, errors, optimizer_state, step.frozen)
        logits.append(forward.logits)
    # Once for all batches: for each by itself it would cost a narrow network a tenth of its time.
    logits = backend.xp.concat(logits, axis=-2)
    labels = gather(dataset.train_labels, orders, backend.xp)
    targets = gather(dataset.train_targets, orders, backend.xp)
    return measure("train", logits, labels, targets, objective, backend)


def _put_aside(stack, running, stopped, finished):
    """Keep the parameters of the networks that have stopped; return the stack of the others."""
    for row in np.flatnonzero(stopped):
        finished[running[row]] = take_networks(stack.params, [row])
    rows = np.flatnonzero(~stopped)
    if len(rows) in (0, len(running)):
        return stack, running[rows]
    return Stack(*(take_networks(part, rows) for part in stack)), running[rows]


def _check_shapes(rule, params, feedback, dataset, seeds):
    """Refuse a network, feedback matrices and seeds that do not belong together."""
    sizes = layer_sizes_of(params)
    if sizes[0] != dataset.train_images.shape[1] or sizes[-1] != dataset.num_classes:
        raise ValueError(
            f"params must take {dataset.train_images.shape[1]} features to {dataset.num_classes} "
            f"classes for data set {dataset.name!r}, got layer sizes {sizes}"
        )
    if params[0].weights.shape[0] != len(seeds):
        raise ValueError(
            f"seeds must name each of the {params[0].weights.shape[0]} stacked networks, "
            f"got {list(seeds)}"
        )
    expected = [(len(seeds), *shape) for shape in feedback_shapes(rule, sizes)]
    if [tuple(matrix.shape) for matrix in feedback] != expected:
        raise ValueError(
            f"feedback of {rule.__name__} must have the shapes {expected}, "
            f"got {[tuple(matrix.shape) for matrix in feedback]}"
        )


def _check_finite(values, epoch, rule, seeds):
    """Stop a run that has diverged."""
    finite = np.isfinite(values["train_loss"]) & np.isfinite(values["test_loss"])
    if not finite.all():
        diverged = [seed for seed, ok in zip(seeds, finite, strict=True) if not ok]
        raise FloatingPointError(
            f"the loss is not finite in epoch {epoch} ({rule.__name__}, seeds {diverged}): "
            "try a smaller learning_rate"
        )
