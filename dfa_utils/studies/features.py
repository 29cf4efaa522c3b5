"""What networks see that were taught by other rules: probes, mistakes, and how alike they are."""

from functools import partial

import numpy as np

from dfa_utils.alignment import linear_cka
from dfa_utils.array import namespace_of
from dfa_utils.chapter.selection import choose
from dfa_utils.rules import BP, DFA, FA

#: The baseline: hidden layers stay as they start, and only the output layer learns.
UNTRAINED = "untrained"
#: By the words for it, the rule of each network; what makes the baseline one are frozen layers.
TAUGHT = {"BP": BP(), "FA": FA(), "DFA": DFA(), UNTRAINED: BP()}
#: The rules that are compared with one another.
PAIRS = (("BP", "FA"), ("BP", "DFA"), ("FA", "DFA"), ("BP", UNTRAINED))
#: Of a probe, in units of the variance of a feature.
RIDGES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
FITTED = 10_000  # training images, the first ones, to which a probe is fitted
#: What two networks that are compared have in common.
KINDS = ("same rule", "other rule", "other rule, same start")


def teach_each(teach, rates, seeds):
    """Train every network of `TAUGHT` at a rate that the validation images have chosen.

    Parameters
    ----------
    teach : callable
        ``teach(name, rate, seeds)`` returns a Run with validation errors.
    rates : sequence of float
        To choose from, by the network of the first seed.
    seeds : sequence of int

    Returns
    -------
    dict of str to Run
    """
    runs = {}
    for name in TAUGHT:
        rate = choose(partial(teach, name, which=seeds[:1]), rates)
        runs[name] = teach(name, rate, seeds)
    return runs


def probe_errors(features, labels):
    """Fit a linear probe (Alain and Bengio 2016) to features, and count what it gets wrong.

    It is a ridge regression to the classes, of features that are scaled to variance one. Scale and
    regression see the first set alone, the ridge is the one of `RIDGES` with the fewest errors on
    the second, and the third is only counted.

    Parameters
    ----------
    features : sequence of 3 numpy.ndarray (seeds, n, width)
        Of training, validation and test images.
    labels : sequence of 3 numpy.ndarray of int (n,)

    Returns
    -------
    numpy.ndarray (seeds,)
        Percent of the third set.
    """
    from sklearn.linear_model import RidgeClassifier
    from sklearn.preprocessing import StandardScaler

    errors = []
    for own in zip(*features, strict=True):
        scaler = StandardScaler().fit(own[0].astype(float))
        fitted, validated, tested = (scaler.transform(x.astype(float)) for x in own)
        wrong = {}
        for ridge in RIDGES:
            probe = RidgeClassifier(ridge * len(fitted)).fit(fitted, labels[0])
            wrong[ridge] = np.mean(probe.predict(validated) != labels[1]), probe
        _, chosen = min(wrong.values(), key=lambda pair: pair[0])
        errors.append(100 * np.mean(chosen.predict(tested) != labels[2]))
    return np.array(errors)


def first_weights(runs, most=8):
    """Choose units of the first layer of the first seed, and return their weights.

    Parameters
    ----------
    runs : dict of str to Run
        By the words for each.
    most : int
        How many units: those that weigh most in the layer above, by their share of the sum of its
        squared weights, the mean over all runs but `UNTRAINED`.

    Returns
    -------
    dict of str to numpy.ndarray (most, pixels)
        The same units of each network, the heaviest first.
    """
    first, shares = {}, 0.0
    for name, run in runs.items():
        below, above = (run.data.backend.to_host(run.params[k].weights)[0] for k in (0, 1))
        first[name], squares = below.T, np.sum(above.astype(float) ** 2, axis=1)
        shares = shares + (squares / squares.sum() if name != UNTRAINED else 0.0)
    units = np.argsort(-shares, kind="stable")[:most]
    return {name: weights[units] for name, weights in first.items()}


def wrong_images(runs):
    """Return which test images each network gets wrong, numpy.ndarray of bool (runs, seeds, n)."""
    wrong = []
    for run in runs.values():
        found = run.network.predict(run.params, run.data.test_images) != run.data.test_labels
        wrong.append(run.data.backend.to_host(found))
    return np.stack(wrong)


def both_wrong(wrong):
    """Count for each two networks the images that both get wrong.

    Parameters
    ----------
    wrong : numpy.ndarray of bool (runs, seeds, n)

    Returns
    -------
    numpy.ndarray of int (runs, seeds, runs, seeds)
        A network with itself is the number of its own mistakes.
    """
    flat = np.reshape(wrong, (-1, np.shape(wrong)[-1])).astype(float)
    return np.rint(flat @ flat.T).astype(int).reshape(2 * np.shape(wrong)[:2])


def right_and_wrong(both):
    """Count the images that the first of two networks gets right, and the second wrong.

    Parameters
    ----------
    both : numpy.ndarray of int (runs, seeds, runs, seeds)
        As `both_wrong` returns it.

    Returns
    -------
    numpy.ndarray of int (runs, seeds, runs, seeds)
    """
    own = np.einsum("asas->as", both)
    return own - both


def one_wrong(both):
    """Count the images that exactly one of two networks gets wrong, as `right_and_wrong` does."""
    counts = right_and_wrong(both)
    return counts + np.transpose(counts, (2, 3, 0, 1))


def embed_last(runs, probed, most):
    """Embed the last hidden layer of each first seed in the plane.

    By `dfa_utils.figures.embeddings.embed`.

    Parameters
    ----------
    runs : dict of str to Run
    probed : dict of str to numpy.ndarray (seeds, layers)
        From `dfa_utils.studies.features_report.record_probes`.
    most : int
        How many test images, the first ones.

    Returns
    -------
    clouds : dict of str to numpy.ndarray (n, 2)
        By the name of a run and the probe error of this layer.
    labels : numpy.ndarray of int (n,)
    """
    from dfa_utils.figures import embed

    clouds = {}
    for name, run in runs.items():
        data, to_host = run.data, run.data.backend.to_host
        last = run.network.features(run.params, data.test_images[:most, :])[-1]
        clouds[f"{name}, probe {probed[name][0, -1]:.1f} %"] = embed(to_host(last)[0])
    return clouds, to_host(data.test_labels)[:most]


def most_divided(runs, wrong, one, other, most=8):
    """Choose the images that more seeds of one rule get right than of another, and the reverse.

    Parameters
    ----------
    runs : dict of str to Run
    wrong : numpy.ndarray of bool (runs, seeds, n)
        From `wrong_images`.
    one, other : str
        Names of two of the runs.
    most : int
        How many images each way.

    Returns
    -------
    rows : dict of str to numpy.ndarray (most, pixels)
        By words for each way: the images with the largest difference, of equal ones the first.
    captions : dict of str to list of str
        How many seeds get each of them right, such as ``"3:0"``, the better rule first.
    """
    right, data = dict(zip(runs, (~wrong).sum(axis=1), strict=True)), runs[one].data
    images, rows, captions = data.backend.to_host(data.test_images), {}, {}
    for better, worse in ((one, other), (other, one)):
        places = np.argsort(right[worse] - right[better], kind="stable")[:most]
        words = f"{better} right,\n{worse} wrong"
        rows[words] = images[places]
        captions[words] = [f"{right[better][k]}:{right[worse][k]}" for k in places]
    return rows, captions


def similarities(runs, within=False):
    """Compare the hidden layers of all networks on the test images.

    Parameters
    ----------
    runs : dict of str to Run
        Networks of one shape and of the same number of seeds, on the same data.
    within : bool
        Whether the mean of each class is subtracted from the features: what is left is how images
        of one class differ.

    Returns
    -------
    numpy.ndarray (layers, runs, seeds, runs, seeds)
        See `dfa_utils.alignment.linear_cka`.
    """
    data = next(iter(runs.values())).data
    found = [run.network.features(run.params, data.test_images) for run in runs.values()]
    tables, targets = [], data.test_targets
    for layers in zip(*found, strict=True):
        xp = namespace_of(layers[0])
        every = xp.concat(layers, axis=0)
        if within:
            sizes = xp.maximum(xp.sum(targets, axis=0)[:, None], 1.0)
            every = every - targets @ (targets.mT @ every / sizes)
        rows = [linear_cka(every[k, :, :], every) for k in range(every.shape[0])]
        table = np.stack([*map(data.backend.to_host, rows)])
        tables.append(table.reshape(2 * (len(found), layers[0].shape[0])))
    return np.stack(tables)


def by_kind(table, one, other, names=tuple(TAUGHT)):
    """Read a table of pairs of networks seed by seed: two of one rule, and of two rules.

    Parameters
    ----------
    table : numpy.ndarray (runs, seeds, runs, seeds)
        The same in either order.
    one, other : str
        The names of two runs.
    names : sequence of str
        Of all runs, in the order of the table.

    Returns
    -------
    dict of str to numpy.ndarray (seeds,)
        By the words of `KINDS`: a network with all other seeds of its own rule, the mean of the
        two rules; with all other seeds of the other rule, both ways; and with its own seed of that.
    """
    one, other = names.index(one), names.index(other)
    within = [other_seeds(table, k, k) for k in (one, other)]
    between = [other_seeds(table, *pair) for pair in ((one, other), (other, one))]
    same_start = np.diagonal(np.asarray(table, dtype=float)[one, :, other, :])
    return dict(zip(KINDS, (sum(within) / 2, sum(between) / 2, same_start), strict=True))


def other_seeds(table, one, other):
    """Return the mean of a network of one rule with all other seeds of another, array (seeds,)."""
    pairs = np.asarray(table, dtype=float)[one, :, other, :]
    return (pairs.sum(axis=1) - np.diagonal(pairs)) / (len(pairs) - 1)


def caught_up(run, level):
    """Tell which running seeds have come down to a train error, numpy.ndarray of bool."""
    return run.curves[-1]["train_error"][run.running] <= level[run.running]
