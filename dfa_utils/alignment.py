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


def effective_ranks(run, samples=2_000):
    """Measure in how many directions of a layer the errors lie that a run's rule sends it.

    Of the errors before the slope of the layer itself, one row for each of the first test images,
    with singular values s: the **participation ratio** ``(sum s^2)^2 / sum s^4``. It is never above
    the rank, which it reaches where all directions that occur are equally strong.

    Parameters
    ----------
    run : Run
    samples : int

    Returns
    -------
    array (running seeds, layers)
        The output layer's last; not-a-number where nothing is sent.
    """
    data, state, loss = run.data, run.state, LOSSES[run.recipe.loss]
    x, targets = (a[: min(samples, a.shape[0]), :] for a in (data.test_images, data.test_targets))
    dice = generators_for([run.seeds[i] for i in run.running], Stream.NOISE, run.epoch, 1)
    noise = NormalNoise(dice, data.backend, run.dtype)
    step = Step.at(run.network, state.params, state.feedback, x, targets, loss, noise=noise)
    ratios = [participation_ratio(d) for d in _before_slopes(run.recipe.rule, step)]
    return namespace_of(ratios[0]).stack(ratios, axis=-1)


def closest_angles(run):
    """Measure how near a signal that has come through k units can be to the whole output error.

    For each test image take the part of its error in those k directions, the same for all images,
    that hold the most of the errors when each is scaled to length one. Of the cosines between the
    part and the whole this is the root mean square, as an angle; no mean cosine is larger.

    Parameters
    ----------
    run : Run

    Returns
    -------
    array (running seeds, classes)
        Degrees, for k = 1 to the number of classes.
    """
    rows, nonzero = unit_rows(sent_errors(run)[0][-1])
    xp = namespace_of(rows)
    energy = xp.linalg.svdvals(rows) ** 2  # the largest first
    count = xp.sum(xp.astype(nonzero, rows.dtype), axis=-1, keepdims=True)
    share = xp.clip(xp.cumulative_sum(energy, axis=-1) / count, 0.0, 1.0)
    return xp.acos(xp.sqrt(share)) * (180 / math.pi)


def participation_ratio(rows):
    """Return the effective rank of matrices, ``(sum s^2)^2 / sum s^4`` of their singular values.

    Parameters
    ----------
    rows : array (..., n, width)

    Returns
    -------
    array (...)
        Not-a-number where all is zero.
    """
    xp = namespace_of(rows)
    size = xp.max(xp.abs(rows), axis=(-2, -1), keepdims=True)
    rows = rows / xp.where(size > 0, size, xp.full_like(size, math.nan))
    squares = rows.mT @ rows  # its eigenvalues are the squares of the singular values
    trace = xp.sum(rows * rows, axis=(-2, -1))
    return trace * trace / xp.sum(squares * squares, axis=(-2, -1))


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
