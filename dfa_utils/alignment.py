"""Alignment: how near what a rule sends is to what back-propagation would send, with controls."""

import math
from itertools import combinations

from dfa_utils.array import NormalNoise, Stream, generators_for, namespace_of, stack_drawn
from dfa_utils.array.functions import mean_angle, unit_rows
from dfa_utils.losses import LOSSES
from dfa_utils.rules import BP, Step
from dfa_utils.validation import check, refuse


def error_angles(run, feedback=None, images=None):
    """Measure how far the errors that a run's rule sends are from the true ones.

    Both are computed on the same networks, images and output errors, and both with the derivative
    of the activation. The angle of a layer is that of the mean, over the images, of the cosine
    between the two errors of an image.

    Parameters
    ----------
    run : Run
    feedback, images : optional
        As `sent_errors` takes them.

    Returns
    -------
    array (running seeds, hidden layers)
        Degrees. Images for which either is zero are left out; where none remains, as with
        back-propagation through weights of zero, there is no angle, and the value is not-a-number.
    """
    sent, true = sent_errors(run, feedback, images)
    angles = [mean_angle(*pair) for pair in zip(sent[:-1], true[:-1], strict=True)]
    return namespace_of(angles[0]).stack(angles, axis=-1)


def angle_shares(run, images=None, bins=36):
    """Measure how the angles of `error_angles` are spread over the images.

    Parameters
    ----------
    run : Run
    images : optional
        As `sent_errors` takes them.
    bins : int
        Equal parts of the half turn from 0 to 180 degrees.

    Returns
    -------
    array (running seeds, hidden layers, bins)
        The share of the images in each part. They sum to one; images for which either error is
        zero are left out, and without any other the shares are not-a-number.
    """

    def shares(sent, true):
        xp, (sent, some), (true, others) = namespace_of(sent), unit_rows(sent), unit_rows(true)
        cosines = xp.clip(xp.sum(sent * true, axis=-1), -1.0, 1.0)
        place = xp.clip(xp.floor(xp.acos(cosines) * (bins / math.pi)), 0.0, bins - 1.0)
        both = xp.astype(xp.logical_and(some, others), sent.dtype)
        counts = [xp.sum(both * xp.astype(place == k, sent.dtype), axis=-1) for k in range(bins)]
        counts, total = xp.stack(counts, axis=-1), xp.sum(both, axis=-1, keepdims=True)
        return counts / xp.where(total > 0, total, xp.full_like(total, math.nan))

    sent, true = sent_errors(run, images=images)
    layers = [shares(*pair) for pair in zip(sent[:-1], true[:-1], strict=True)]
    return namespace_of(layers[0]).stack(layers, axis=-2)


def gradient_angles(run, feedback=None, images=None):
    """Measure how far the step of each hidden layer's weights is from the steepest descent.

    Parameters
    ----------
    run : Run
    feedback, images : optional
        As `sent_errors` takes them. The step is that of the sum over all these images.

    Returns
    -------
    array (running seeds, hidden layers)
        Degrees between the two gradients of the weights, as vectors; not-a-number where one is
        zero. Over a right angle a small step of this layer alone raises the loss of these images.
    """
    step = step_on(run, feedback, images)
    errors = run.recipe.rule.send(step)[:-1], BP().send(step)[:-1]
    gradients = [
        [_as_row(x.mT @ error) for x, error in zip(step.forward.inputs, sent, strict=False)]
        for sent in errors
    ]
    return _by_layer(mean_angle, *gradients)


def weight_angles(run, feedback=None):
    """Measure how far each feedback matrix is from what the weights above it would send back.

    Parameters
    ----------
    run : Run
        Its rule says with `dfa_utils.rules.Rule.aims` to what each of its matrices is compared:
        under FA the transposed weights of the layer above, under DFA the product of the transposed
        weights of all layers above (Lillicrap et al. 2016; Refinetti et al. 2021, who call it
        weight alignment).
    feedback : list of array (running seeds, senders, receivers), optional
        In the place of the run's own.

    Returns
    -------
    array (running seeds, feedback matrices)
        Degrees between the two matrices as vectors; not-a-number where one of them is zero.

    Raises
    ------
    ValueError
        If the rule has no such matrices, as BP.
    """
    feedback = run.state.feedback if feedback is None else feedback
    aims = run.recipe.rule.aims(run.state.params)
    if not feedback or len(aims) != len(feedback):
        refuse("rule", "one that has feedback matrices and says their aims", run.recipe.rule.name)
    return _by_layer(mean_angle, [*map(_as_row, feedback)], [*map(_as_row, aims)])


def error_sizes(run, images=None):
    """Measure how large the errors are that each layer is sent, and would be sent by BP.

    Parameters
    ----------
    run : Run
    images : optional
        As `sent_errors` takes them.

    Returns
    -------
    array (running seeds, 2, layers)
        The root of the mean square, over the images, of the length of an error: as the rule
        sends it, and as BP would. The output layer comes last, where both are the same.
    """

    def size(errors):
        xp = namespace_of(errors)
        return xp.sqrt(xp.mean(xp.sum(errors * errors, axis=-1), axis=-1))

    both = [_by_layer(size, errors) for errors in sent_errors(run, images=images)]
    return namespace_of(both[0]).stack(both, axis=-2)


def fresh_feedback(run, draw=0):
    """Draw feedback matrices with which a run has never trained, from the same distribution.

    What they send is the null to which an angle is compared: a sent error changes its sign with
    the matrix, which is as probable as its negative, so that the mean cosine is zero.

    Parameters
    ----------
    run : Run
    draw : int
        At least 0; each is independent of the others and of the run's own matrices.

    Returns
    -------
    list of array (running seeds, senders, receivers)
        As `error_angles` and `weight_angles` take them.
    """
    rule, shapes = run.recipe.rule, run.recipe.rule.shapes(run.network.sizes)
    seeds, place = [run.seeds[i] for i in run.running], check("draw", draw, "seed") + 1
    dice = generators_for(seeds, Stream.FEEDBACK, place)  # place 0 is the run's own
    drawn = [[rule.feedback(rng, shape, *shape) for rng in dice] for shape in shapes]
    return [stack_drawn(stack, run.data.backend, run.dtype) for stack in drawn]


def network_angles(run):
    """Measure how far the networks of a run are from one another, layer by layer.

    Parameters
    ----------
    run : Run
        Of at least two running seeds.

    Returns
    -------
    array (pairs of running seeds, layers)
        Degrees between the weights of two networks as vectors, as Refinetti et al. (2021) compare
        them; not-a-number where one is zero. Units are compared by their number: the same network
        with its units in another order is another one here.
    """
    pairs = list(combinations(range(len(run.running)), 2))

    def angles(weights):
        xp, rows = namespace_of(weights), _as_row(weights)
        one, other = (xp.stack([rows[pair[k], ...] for pair in pairs]) for k in (0, 1))
        return mean_angle(one, other)

    return _by_layer(angles, [layer.weights for layer in run.state.params])


def sent_errors(run, feedback=None, images=None):
    """Return what a run's rule sends each layer, and what BP would send.

    Parameters
    ----------
    run : Run
    feedback : list of array (running seeds, senders, receivers), optional
        In the place of the run's own, such as those of `fresh_feedback`.
    images : pair of array (n, features) and (n, classes), optional
        Images and targets; by default those of the test set.

    Returns
    -------
    pair of list of array (running seeds, n, width)
        The output layer's last.
    """
    step = step_on(run, feedback, images)
    return run.recipe.rule.send(step), BP().send(step)


def step_on(run, feedback=None, images=None):
    """Return the step to which images lead, Step; see `sent_errors`."""
    data, state, loss = run.data, run.state, LOSSES[run.recipe.loss]
    x, targets = (data.test_images, data.test_targets) if images is None else images
    feedback = state.feedback if feedback is None else feedback
    # For a rule that sends noise: other numbers than in training, which goes on as without them.
    dice = generators_for([run.seeds[i] for i in run.running], Stream.NOISE, run.epoch, 1)
    noise = NormalNoise(dice, data.backend, run.dtype)
    return Step.at(run.network, state.params, feedback, x, targets, loss, noise=noise)


def _as_row(matrices):
    """Return each matrix as one row, array (seeds, 1, senders * receivers)."""
    return namespace_of(matrices).reshape(matrices, (matrices.shape[0], 1, -1))


def _by_layer(measure, *lists):
    """Return what is measured of each layer, array (seeds, layers)."""
    values = [measure(*arrays) for arrays in zip(*lists, strict=True)]
    return namespace_of(values[0]).stack(values, axis=-1)


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
