"""What networks see that were taught by other rules: probes, mistakes, and how alike they are."""

from functools import partial

import numpy as np

from dfa_utils.alignment import linear_cka
from dfa_utils.array import namespace_of
from dfa_utils.chapter.records import record, record_errors
from dfa_utils.chapter.selection import choose
from dfa_utils.chapter.verdicts import clearly, interval
from dfa_utils.initialisers import UniformFanIn
from dfa_utils.rules import BP, DFA, FA

#: The baseline: hidden layers stay as they start, and only the output layer learns.
UNTRAINED = "untrained"
#: By the words for it, the rule of each network; what makes the baseline one are frozen layers.
TAUGHT = {"BP": BP(), "FA": FA(), "DFA": DFA(), UNTRAINED: BP()}
#: Where all of them start.
START = {"weights": UniformFanIn(), "biases": UniformFanIn()}
#: The rules that are compared with one another.
PAIRS = (("BP", "FA"), ("BP", "DFA"), ("FA", "DFA"), ("BP", UNTRAINED))
#: Of a probe, in units of the variance of a feature.
RIDGES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
FITTED = 10_000  # training images, the first ones, to which a probe is fitted
#: Percentage points, within which two probe errors are called equal.
MARGIN = 0.5
#: What two networks that are compared have in common.
KINDS = ("same rule", "other rule", "other rule, same start")
HEAD = f"| | {' | '.join(KINDS)} | beyond the seeds | the start shows |\n"
HEAD += "| --- | ---: | ---: | ---: | --- | --- |"
EARLY = "early BP"


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


def record_networks(runs):
    """Record the rate of each run and its errors, epoch by epoch, and print the last ones.

    Parameters
    ----------
    runs : dict of str to Run
        By the words for each, with which the records begin.
    """
    for name, run in runs.items():
        record(f"{name.lower()}_rate", run.recipe.optimizer.rate)
        print(f"{name}, rate {run.recipe.optimizer.rate:g}")
        for quantity in ("train_error", "test_error"):
            record_errors(name.lower(), quantity, run.history.last(quantity))
            curve = np.round(getattr(run.history, quantity), 4)
            record(f"{name.lower()}_{quantity}_curve", curve)


def show_networks(stored):
    """Print what `record_networks` has recorded in a stored run of the chapter.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun
    """
    for name in TAUGHT:
        start, parts = name.lower(), []
        for part in ("train", "test"):
            errors = np.array(stored.records[f"{start}_{part}_error_per_seed"])
            parts.append(f"{part} error {in_words(errors, 2)} %")
        rate = stored.records[f"{start}_rate"]
        print("   ".join([f"{name:10} rate {rate:<5g}", *parts]))
    print(f"pixels     probe error {stored.records['probe_pixels_error']:.2f} %")


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


def record_probes(runs):
    """Probe the pixels and each hidden layer; print and record the errors.

    Parameters
    ----------
    runs : dict of str to Run
        By the words for each, all on the same data, which has validation images.

    Returns
    -------
    dict of str to numpy.ndarray (seeds, layers)
        By the same words, percent. The records are ``probe_{name}_layer_{number}_error``, and
        ``probe_pixels_error``.
    """
    first = next(iter(runs.values()))
    data, to_host = first.data, first.data.backend.to_host
    count = min(FITTED, data.train_images.shape[0])
    images = data.train_images[:count, :], data.validation_images, data.test_images
    labels = [*map(to_host, (data.train_labels[:count], data.validation_labels, data.test_labels))]
    pixels = probe_errors([to_host(x)[None] for x in images], labels)
    record("probe_pixels_error", pixels[0])  # the same for every seed
    print(f"pixels   probe error {pixels[0]:.2f} %")
    errors = {}
    for name, run in runs.items():
        layers = zip(*(run.network.features(run.params, x) for x in images), strict=True)
        found = [probe_errors([*map(to_host, layer)], labels) for layer in layers]
        for number, values in enumerate(found, start=1):
            record_errors(f"probe_{name.lower()}_layer_{number}", "error", values)
        errors[name] = np.stack(found, axis=-1)
    return errors


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
        From `record_probes`.
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


def record_tables(runs, wrong):
    """Record `similarities` as ``cka`` and ``cka_within``, and `both_wrong` under its own name.

    Parameters
    ----------
    runs : dict of str to Run
    wrong : numpy.ndarray of bool (runs, seeds, n)
        From `wrong_images`. How many images there are is recorded as ``test_images``.
    """
    for name, within in (("cka", False), ("cka_within", True)):
        record(name, np.round(similarities(runs, within).astype(float), 4))
    record("both_wrong", both_wrong(wrong))
    record("test_images", wrong.shape[-1])


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


def stored_tables(stored):
    """Return the tables of networks of a stored run of the chapter.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun

    Returns
    -------
    dict of str to dict of str to numpy.ndarray (runs, seeds, runs, seeds)
        By the names of the records and by the words for the layer, and the table of `one_wrong`.
    """
    tables = {"one_wrong": {"": one_wrong(np.array(stored.records["both_wrong"]))}}
    for name, words in (("cka", "layer {}"), ("cka_within", "layer {}, within")):
        layers = enumerate(stored.records[name], start=1)
        tables[name] = {words.format(number): np.array(table) for number, table in layers}
    return tables


def kinds_by_pair(tables):
    """Return what a figure shows of the tables of all layers, a panel for each pair of rules.

    Parameters
    ----------
    tables : dict of str to numpy.ndarray (runs, seeds, runs, seeds)
        By the words for each layer, the first one first.

    Returns
    -------
    dict of str to dict of str to numpy.ndarray (seeds, layers)
        By the names of each two rules in `PAIRS`, and by the words of `KINDS`.
    """
    panels = {}
    for one, other in PAIRS:
        layers = [by_kind(table, one, other) for table in tables.values()]
        panels[f"{one}, {other}"] = {
            kind: np.stack([layer[kind] for layer in layers], axis=-1) for kind in KINDS
        }
    return panels


def judge_pairs(name, tables, sign, digits, names=tuple(TAUGHT), pairs=PAIRS):
    """Judge of each two rules whether they differ by more than their seeds.

    Parameters
    ----------
    name : str
        The records are ``holds_{name}_{one}_{other}``, and with ``_start`` whether the start shows.
    tables : dict of str to numpy.ndarray (runs, seeds, runs, seeds)
        By the words for each, such as ``"layer 1"``, which are part of the records.
    sign : {1, -1}
        1 where a large number says that two networks are alike, -1 where that they differ.
    digits : int
        Behind the point.
    names : sequence of str
        Of the runs in the tables.
    pairs : sequence of (str, str)
        Of them, the two that are compared.

    Returns
    -------
    str
        Markdown, means and sample deviations over the seeds.
    """
    lines = [HEAD]
    for words, table in tables.items():
        for one, other in pairs:
            kinds = by_kind(table, one, other, names)
            same_rule, other_rule, same_start = kinds.values()
            beyond = bool(clearly(sign * (same_rule - other_rule)))
            start = bool(clearly(sign * (same_start - other_rule)))
            key = "_".join([name, *f"{one} {other} {words}".replace(",", "").split()]).lower()
            record(f"holds_{key}", beyond)
            record(f"holds_{key}_start", start)
            cells = [in_words(values, digits) for values in kinds.values()]
            change = in_words(sign * (same_rule - other_rule), digits)
            cells += [f"{'yes' if beyond else 'no'}, by {change}", "yes" if start else "no"]
            row = f"{words}: {one}, {other}" if words else f"{one}, {other}"
            lines.append(f"| {' | '.join([row, *cells])} |")
    return "\n".join(lines)


def judge_mistakes(both):
    """Judge of each two rules in `PAIRS` whether their mistakes are of another kind.

    Let p be the share of all seeds of a rule, if there were many, that are wrong on an image. The
    cosine between the p of two rules, over the images, is one if one rule makes the mistakes of
    the other, more often or less. Products of different seeds estimate it without bias from the
    chance in each.

    Parameters
    ----------
    both : numpy.ndarray of int (runs, seeds, runs, seeds)
        As `both_wrong` returns it.

    Returns
    -------
    str
        Markdown, means and sample deviations over the seeds, with rows for two seeds of one rule.
        ``holds_kind_{one}_{other}`` is
        recorded: whether the cosine is clearly below one.
    """
    lines = ["| | first right, second wrong | the reverse | cosine | of another kind |"]
    lines.append("| --- | ---: | ---: | ---: | --- |")
    both = np.array(both)
    counts = right_and_wrong(both)
    for one, other in PAIRS:
        a, b = (list(TAUGHT).index(name) for name in (one, other))
        across = (other_seeds(both, a, b) + other_seeds(both, b, a)) / 2
        cosine = across / np.sqrt(other_seeds(both, a, a) * other_seeds(both, b, b))
        kind = bool(clearly(1 - cosine))
        record(f"holds_kind_{one}_{other}".lower(), kind)
        cells = [in_words(other_seeds(counts, *pair), 0) for pair in ((a, b), (b, a))]
        cells += [in_words(cosine, 3), "yes" if kind else "no"]
        lines.append(f"| {one}, {other} | {' | '.join(cells)} |")
    for number, name in enumerate(TAUGHT):
        turned = np.transpose(counts, (2, 3, 0, 1))
        cells = [in_words(other_seeds(t, number, number), 0) for t in (counts, turned)]
        lines.append(f"| {name}, {name} | {' | '.join(cells)} | | |")
    return "\n".join(lines)


def compare_early(teach, runs):
    """Compare DFA with BP as it ends, and with BP as soon as its train error is that of DFA.

    Parameters
    ----------
    teach : callable
        ``teach(name, rate, seeds, stop)`` returns a Run; `dfa_utils.training.Run.fit` says what
        ``stop`` is.
    runs : dict of str to Run

    Returns
    -------
    str
        Markdown, as of `judge_pairs`: CKA of each layer, within the classes too, and the images
        on which exactly one of two networks is wrong. The train errors are printed.
    """
    last, level = runs["BP"], runs["DFA"].history.last("train_error")
    if len(level) < 3:  # of two, both have the one pair alone, and no spread
        return "Three seeds or more are needed for this."
    rate = last.recipe.optimizer.rate
    early = teach("BP", rate, last.seeds, lambda run: caught_up(run, level))
    group = {"BP": last, EARLY: early, "DFA": runs["DFA"]}
    names, pairs = list(group), (("BP", "DFA"), (EARLY, "DFA"))
    for name, run in group.items():
        errors, epochs = run.history.last("train_error"), run.history.epochs_run
        print(f"{name:8} train error {in_words(errors, 2)} %, epochs {', '.join(map(str, epochs))}")
    tables = {}
    for words, within in (("layer {}", False), ("layer {}, within", True)):
        found = similarities(group, within)
        tables |= {words.format(k): table for k, table in enumerate(found, start=1)}
    alike = judge_pairs("live", tables, 1, 3, names, pairs)
    apart = {"mistakes": one_wrong(both_wrong(wrong_images(group)))}
    mistakes = judge_pairs("live", apart, -1, 0, names, pairs)
    return alike + mistakes.removeprefix(HEAD)


def caught_up(run, level):
    """Tell which running seeds have come down to a train error, numpy.ndarray of bool."""
    return run.curves[-1]["train_error"][run.running] <= level[run.running]


def stored_probes(stored):
    """Return the probe errors of a stored run of the chapter, as `record_probes` returned them.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun

    Returns
    -------
    dict of str to numpy.ndarray (seeds, layers)
    """
    layers, errors = range(1, len(stored.parameters["hidden_sizes"]) + 1), {}
    for name in TAUGHT:
        names = [f"probe_{name.lower()}_layer_{number}_error_per_seed" for number in layers]
        errors[name] = np.stack([stored.records[name] for name in names], axis=-1)
    return errors


def judge_probes(errors):
    """Judge the probe errors of each layer against those of the same layer under BP.

    Parameters
    ----------
    errors : dict of str to numpy.ndarray (seeds, layers)
        By the names of the rules.

    Returns
    -------
    str
        Markdown. ``stored_probe_{name}_layer_{number}`` is recorded: ``"higher"``, ``"lower"``,
        ``"equal"`` where the difference and twice its deviation are within `MARGIN`, or ``"open"``.
        The first two come before the third.
    """
    layers = range(errors["BP"].shape[1])
    lines = [f"| | {' | '.join(f'layer {k + 1}' for k in layers)} |"]
    lines.append(f"| --- |{' --- |' * len(layers)}")
    for name, values in errors.items():
        cells = [in_words(values[:, k], 2) for k in layers]
        if name != "BP":
            for k in layers:
                change = values[:, k] - errors["BP"][:, k]
                mean, spread = interval(change)
                equal = "equal" if abs(mean) + 2 * spread <= MARGIN else "open"
                ahead = "higher" if clearly(change) else "lower" if clearly(-change) else equal
                record(f"stored_probe_{name.lower()}_layer_{k + 1}", ahead)
                cells[k] += f" {ahead}, {in_words(change, 2, '+')}"
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def in_words(values, digits, sign=""):
    """Return the mean over the seeds and the sample deviation as text that does not break."""
    mean, spread = interval(values)
    return f"{mean:{sign}.{digits}f}\u00a0±\u00a0{spread:.{digits}f}"
