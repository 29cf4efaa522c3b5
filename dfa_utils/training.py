"""Training: the loop that all learning rules share."""

import numpy as np

from dfa_utils.arrays import namespace_of
from dfa_utils.choices import choose
from dfa_utils.history import QUANTITIES, History
from dfa_utils.learning_rules import feedback_shapes, layer_gradients
from dfa_utils.losses import LOSSES
from dfa_utils.network import copy_params, forward_propagation, in_chunks, layer_sizes_of
from dfa_utils.optimizers import SGD
from dfa_utils.randomness import Stream, generator_for


def print_every(interval):
    """Return a report for `train` that prints one line every ``interval`` epochs."""

    def report(epoch, last_epoch, values):
        if epoch % interval == 0 or epoch == last_epoch:
            train_error, test_error = values["train_error"].mean(), values["test_error"].mean()
            print(
                f"epoch {epoch:3d} of {last_epoch}   train error {train_error:6.2f} %"
                f"   test error {test_error:6.2f} %   (mean of {len(values['test_error'])} seeds)"
            )

    return report


PLAIN_SGD = SGD(learning_rate=0.01)
EVERY_EPOCH = print_every(1)


def train(
    rule,
    params,
    dataset,
    *,
    feedback=(),
    activation="tanh",
    loss="binary_cross_entropy",
    optimizer=PLAIN_SGD,
    batch_size=64,
    num_epochs=10,
    first_epoch=1,
    seeds=(0,),
    frozen=(),
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
        The rule's feedback matrices, see `initialise_feedback`; none for back-propagation.
    activation : {"tanh", "logistic", "relu"}
    loss : {"binary_cross_entropy", "cross_entropy"}
        Averaged over the mini-batch.
    optimizer : SGD
    batch_size : int
        The last batch of an epoch holds what is left.
    num_epochs : int
    first_epoch : int
        The number of the first epoch; a run that goes on from another begins after its last. The
        shuffle of an epoch depends on its number and the seed alone.
    seeds : sequence of int
    frozen : collection of int
        Layers, the first is 0, that stay as they are.
    report : callable
        Called after each epoch as ``report(epoch, last_epoch, values)``; ``values`` maps the four
        quantities of `History` to arrays (seeds,).

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
    objective = choose("loss", loss, LOSSES)
    params = copy_params(params)
    count = dataset.train_images.shape[0]
    epochs = np.arange(first_epoch, first_epoch + num_epochs)
    curves = {name: np.empty((num_epochs, len(seeds))) for name in QUANTITIES}
    for row, epoch in enumerate(epochs):
        train_loss = train_wrong = 0
        for x, labels, targets in _shuffled_batches(dataset, batch_size, seeds, epoch):
            forward = forward_propagation(params, x, activation)
            batch_loss, wrong = _loss_and_wrong(objective, forward.logits, labels, targets)
            train_loss, train_wrong = train_loss + batch_loss, train_wrong + wrong
            error = objective.error(forward.logits, targets)
            scaled = error * (optimizer.error_scale / x.shape[-2])
            errors = rule(params, feedback, forward, scaled)
            optimizer.update(params, layer_gradients(forward.inputs, errors, frozen))
        to_host = dataset.backend.to_host
        values = {
            "train_loss": to_host(train_loss) / count,
            "train_error": 100 * to_host(train_wrong) / count,
            **evaluate(params, dataset, activation, loss),
        }
        for name, value in values.items():
            curves[name][row] = value
        _check_finite(values, epoch, rule, seeds)
        report(epoch, epochs[-1], values)
    return params, History(tuple(seeds), epochs, **curves)


def evaluate(params, dataset, activation="tanh", loss="binary_cross_entropy"):
    """Measure loss and error on the test set.

    Parameters
    ----------
    params : list of Layer
    dataset : Dataset
    activation, loss : str
        As in `train`.

    Returns
    -------
    dict
        ``test_loss`` (nats a sample) and ``test_error`` (percent), numpy.ndarray (seeds,).
    """
    objective = choose("loss", loss, LOSSES)
    pieces = zip(
        in_chunks(dataset.test_images),
        in_chunks(dataset.test_labels[:, None]),
        in_chunks(dataset.test_targets),
        strict=True,
    )
    total_loss = total_wrong = 0
    for x, labels, targets in pieces:
        logits = forward_propagation(params, x, activation).logits
        chunk_loss, wrong = _loss_and_wrong(objective, logits, labels[:, 0], targets)
        total_loss, total_wrong = total_loss + chunk_loss, total_wrong + wrong
    count = dataset.test_images.shape[0]
    to_host = dataset.backend.to_host
    return {
        "test_loss": to_host(total_loss) / count,
        "test_error": 100 * to_host(total_wrong) / count,
    }


def _loss_and_wrong(objective, logits, labels, targets):
    """Return the summed loss and the number of wrong classes, arrays (seeds,) on the device."""
    xp = namespace_of(logits)
    wrong = xp.astype(xp.argmax(logits, axis=-1) != labels, logits.dtype)
    return xp.sum(objective.value(logits, targets), axis=-1), xp.sum(wrong, axis=-1)


def _shuffled_batches(dataset, batch_size, seeds, epoch):
    """Yield images (seeds, n, features), labels (seeds, n) and targets (seeds, n, classes).

    Each seed has its own order. The orders are the only thing that an epoch copies to the device.
    """
    count = dataset.train_images.shape[0]
    orders = [generator_for(s, Stream.SHUFFLE, epoch).permutation(count) for s in seeds]
    orders = dataset.backend.asarray(np.stack(orders))
    xp = dataset.backend.xp
    for start in range(0, count, batch_size):
        batch = orders[:, start : min(start + batch_size, count)]
        flat = xp.reshape(batch, (-1,))

        def gather(array, batch=batch, flat=flat):
            return xp.reshape(xp.take(array, flat, axis=0), (*batch.shape, *array.shape[1:]))

        yield (
            gather(dataset.train_images),
            gather(dataset.train_labels),
            gather(dataset.train_targets),
        )


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
