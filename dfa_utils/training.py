"""Training: the loop that all learning rules share."""

from typing import Any, NamedTuple

from dfa_utils.batches import gather, mini_batches, shuffled_orders
from dfa_utils.checks import check
from dfa_utils.choices import choose
from dfa_utils.evaluation import evaluate, measure
from dfa_utils.losses import LOSSES, REDUCTIONS
from dfa_utils.network import forward_propagation
from dfa_utils.optimizers import SGD
from dfa_utils.progress import Progress
from dfa_utils.randomness import Stream, generator_for
from dfa_utils.reports import print_every
from dfa_utils.resuming import Keeper, describe_run
from dfa_utils.run_checks import check_finite, check_networks, check_step

PLAIN_SGD = SGD(learning_rate=0.01)
EVERY_EPOCH = print_every(1)


class Step(NamedTuple):
    """How a mini-batch changes the networks.

    Parameters
    ----------
    rule, activation, loss, error_reduction, optimizer, dropout, perturbation, frozen : object
        As `train` takes them.
    """

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
    checkpoint=None,
    checkpoint_every=1,
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
        quantities of `dfa_utils.history.History` to arrays of the seeds that were trained in it.
    checkpoint : str or path-like, optional
        A file that keeps the run (see `dfa_utils.checkpoints`). If it is there, the run goes on
        from it, and ends with the same bits as if it had never stopped; ``num_epochs`` may have
        grown, all else must be as it was.
    checkpoint_every : int
        The file is written after each such number of epochs, and after the last.

    Returns
    -------
    params : list of Layer
        The trained parameters.
    history : History

    Raises
    ------
    ValueError
        If an argument is not allowed, or the parts do not fit one another.
    CheckpointError
        If the checkpoint is damaged or holds another run.
    FloatingPointError
        If a loss is not finite; the text names the epoch, the rule, the seeds and their layers.
    """
    step = Step(rule, activation, loss, error_reduction, optimizer, dropout, perturbation, frozen)
    seeds, batch_size = check("seeds", seeds), check("batch_size", batch_size)
    first_epoch, num_epochs = check("first_epoch", first_epoch), check("num_epochs", num_epochs)
    stop_train_error = check("stop_train_error", stop_train_error)
    checkpoint_every = check("checkpoint_every", checkpoint_every)
    check_networks(rule, params, feedback, dataset, seeds)
    check_step(step, len(params), report)

    progress = Progress(params, feedback, optimizer)
    if checkpoint is not None:
        numbers = {"seeds": seeds, "batch_size": batch_size, "first_epoch": first_epoch}
        numbers |= {"stop_train_error": stop_train_error}
        settings = describe_run(step, dataset, params, feedback, **numbers)
        keeper = Keeper(checkpoint, settings, dataset.backend)
        keeper.restore(progress, num_epochs)
    last_epoch = first_epoch + num_epochs - 1
    for epoch in range(first_epoch + progress.epochs, last_epoch + 1):
        if not progress.running.size:
            break
        trained = [seeds[column] for column in progress.running]
        values = train_epoch(step, progress.stack, dataset, batch_size, trained, epoch)
        values |= evaluate(progress.stack.params, dataset, activation, loss)
        check_finite(values, progress.stack.params, epoch, rule, trained)
        progress.note(values)
        report(epoch, last_epoch, values)
        if stop_train_error is not None:
            progress.put_aside(values["train_error"] <= stop_train_error)
        is_last = epoch == last_epoch or not progress.running.size
        if checkpoint is not None and (is_last or progress.epochs % checkpoint_every == 0):
            keeper.save(progress)
    return progress.result(seeds, first_epoch)


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
