"""Alignment: the angle between what a rule sends a layer and what back-propagation would send."""

import math

from dfa_utils.array import NormalNoise, Stream, generators_for, namespace_of
from dfa_utils.array.functions import mean_angle, unit_rows
from dfa_utils.losses import LOSSES
from dfa_utils.rules import BP, Step


def error_angles(run):
    """Measure how far the errors that a run's rule sends are from the true ones.

    Both are computed on the same networks, test images and output errors, and both with the
    derivative of the activation. The angle of a layer is that of the mean, over the images, of the
    cosine between the two errors of an image.

    Parameters
    ----------
    run : Run

    Returns
    -------
    array (running seeds, hidden layers)
        Degrees. Images for which either is zero are left out; where none remains, as with
        back-propagation through weights of zero, there is no angle, and the value is not-a-number.
    """
    sent, true = sent_errors(run)
    angles = [mean_angle(*pair) for pair in zip(sent[:-1], true[:-1], strict=True)]
    return namespace_of(angles[0]).stack(angles, axis=-1)


def sent_errors(run):
    """Return what a run's rule sends each layer for the test images, and what BP would send.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pair of list of array (running seeds, n, width)
        The output layer's last.
    """
    data, state, loss = run.data, run.state, LOSSES[run.recipe.loss]
    x, targets = data.test_images, data.test_targets
    # For a rule that sends noise: other numbers than in training, which goes on as without them.
    dice = generators_for([run.seeds[i] for i in run.running], Stream.NOISE, run.epoch, 1)
    noise = NormalNoise(dice, data.backend, run.dtype)
    step = Step.at(run.network, state.params, state.feedback, x, targets, loss, noise=noise)
    return run.recipe.rule.send(step), BP().send(step)


def bias_and_variance(run, batches=40, draws=1):
    """Judge the gradients that a run's rule gives the hidden layers, by their mean and spread.

    They are those of the weights, all hidden layers as one vector, for the first mini-batches of
    the training images as they lie, on the networks of the moment. The output layer is left out:
    but for node perturbation, every rule gives it the true gradient.

    Parameters
    ----------
    run : Run
    batches : int
        At most so many, of the recipe's ``batch_size`` each, and as many as there are whole.
    draws : int
        How often each is looked at, with noise of its own; more than once for a rule that draws.

    Returns
    -------
    array (running seeds, 4)
        The cosine between the mean gradient and back-propagation's mean gradient, without bias
        from the noise: its share of the squared length is subtracted. The variance of the gradient
        of one mini-batch, summed over all weights and divided by the squared length of the mean;
        the part of it that is the rule's own noise; and the same variance of back-propagation. A
        mean that is shorter than the noise in it has no cosine: not-a-number.
    """
    data, state, loss = run.data, run.state, LOSSES[run.recipe.loss]
    size, xp = run.recipe.batch_size, namespace_of(state.params[0].weights)
    batches = min(batches, data.train_images.shape[0] // size)
    dice = generators_for([run.seeds[i] for i in run.running], Stream.NOISE, run.epoch, 2)
    noise, sums = NormalNoise(dice, data.backend, run.dtype), [0.0] * 5

    def gradient(step, rule):
        pairs = zip(step.forward.inputs[:-1], rule.send(step)[:-1], strict=True)
        flat = [xp.reshape(h.mT @ d, (d.shape[0], -1)) for h, d in pairs]
        return xp.concat(flat, axis=-1)

    def square(vector):
        return xp.sum(vector * vector, axis=-1)

    for first in range(0, batches * size, size):
        batch = (a[first : first + size, :] for a in (data.train_images, data.train_targets))
        at = run.network, state.params, state.feedback, *batch
        step = Step.at(*at, loss, scale=1 / size, noise=noise)
        ours = [gradient(step, run.recipe.rule) for _ in range(draws)]
        mean, true = sum(ours[1:], ours[0]) / draws, gradient(step, BP())
        own = sum((square(one - mean) for one in ours), 0.0) / max(1, draws - 1)
        new = (mean, square(mean), own, true, square(true))
        sums = [total + value / batches for total, value in zip(sums, new, strict=True)]
    mean, squares, own, true, true_squares = sums
    share = batches / (batches - 1)
    length = square(mean) - own / (draws * batches)
    length = xp.where(length > 0, length, xp.full_like(length, math.nan))
    variance = share * (squares - square(mean)) + own * (1 - 1 / draws)
    cosine = xp.sum(mean * true, axis=-1) / xp.sqrt(length * square(true))
    exact = share * (true_squares / square(true) - 1)
    return xp.stack([cosine, variance / length, own / length, exact], axis=-1)


def theorem_criteria(run, samples=2_000):
    """Measure what theorem 1 of Nøkland (2016) is about, on the first training images.

    With ``d`` what the rule sends a layer before its slope ``f'``, and ``h`` its output, ``K`` is
    ``d . h / |d|``. For a layer below another, ``L`` is ``d . c / |d|`` with the ``c`` that the
    layer above would send back of its own d, ``(d_above * f'_above) @ W_above.mT``; for one above
    another, c is ``(d_below @ W) * f'``. For the output layer h are the logits, and f' is 1.

    Parameters
    ----------
    run : Run
    samples : int

    Returns
    -------
    array (running seeds, 5, layers)
        K, L as the layer below, L as the one above, and both Ls with ``c / |c|`` in the place of c,
        which are cosines. Means over the images, of which one whose d is zero counts as zero;
        not-a-number where there is no layer above, or below.
    """
    data, state, loss = run.data, run.state, LOSSES[run.recipe.loss]
    x, targets = (a[: min(samples, a.shape[0]), :] for a in (data.train_images, data.train_targets))
    step = Step.at(run.network, state.params, state.feedback, x, targets, loss)
    forward, d = step.forward, _before_slopes(run.recipe.rule, step)
    xp, below, above = namespace_of(forward.logits), [], []
    for k, (weights, _) in enumerate(state.params[1:]):
        slope = forward.slope(k + 1) if k + 1 < len(forward.outputs) else 1.0
        below.append((d[k], (d[k + 1] * slope) @ weights.mT))
        above.append((d[k + 1], (d[k] @ weights) * slope))

    def means(pairs):
        return [xp.mean(xp.sum(unit_rows(d)[0] * c, axis=-1), axis=-1) for d, c in pairs]

    table = [means(zip(d, [*forward.outputs, forward.logits], strict=True))]
    nothing = [table[0][0] * math.nan]
    for scaled in (lambda c: c, lambda c: unit_rows(c)[0]):
        table.append(means((d, scaled(c)) for d, c in below) + nothing)
        table.append(nothing + means((d, scaled(c)) for d, c in above))
    return xp.stack([xp.stack(row, axis=-1) for row in table], axis=-2)


def _before_slopes(rule, step):
    """Return what a rule sends each layer, but for the slope of that layer itself."""
    unit, sent = step.forward.activation, []
    for number, own in enumerate(step.forward.outputs):

        def derivative(h, own=own):
            return namespace_of(h).ones_like(h) if h is own else unit.derivative(h)

        forward = step.forward._replace(activation=unit._replace(derivative=derivative))
        sent.append(rule.send(step._replace(forward=forward))[number])
    return [*sent, step.signal]
