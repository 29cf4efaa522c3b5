"""What networks have come to see, in records, tables and verdicts."""

import numpy as np

from dfa_utils.chapter.records import record, record_errors
from dfa_utils.chapter.verdicts import clearly, interval
from dfa_utils.studies.features import (
    FITTED,
    KINDS,
    PAIRS,
    TAUGHT,
    both_wrong,
    by_kind,
    caught_up,
    one_wrong,
    other_seeds,
    probe_errors,
    right_and_wrong,
    similarities,
    wrong_images,
)

#: Percentage points, within which two probe errors are called equal.
MARGIN = 0.5
HEAD = f"| | {' | '.join(KINDS)} | beyond the seeds | the start shows |\n"
HEAD += "| --- | ---: | ---: | ---: | --- | --- |"
EARLY = "early BP"


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


def record_tables(runs, wrong):
    """Record how alike all layers are, ``cka`` and ``cka_within``, and ``both_wrong``.

    By the functions `dfa_utils.studies.features.similarities` and
    `dfa_utils.studies.features.both_wrong`.

    Parameters
    ----------
    runs : dict of str to Run
    wrong : numpy.ndarray of bool (runs, seeds, n)
        From `dfa_utils.studies.features.wrong_images`. How many images there are is recorded as
        ``test_images``.
    """
    for name, within in (("cka", False), ("cka_within", True)):
        record(name, np.round(similarities(runs, within).astype(float), 4))
    record("both_wrong", both_wrong(wrong))
    record("test_images", wrong.shape[-1])


def stored_tables(stored):
    """Return the tables of networks of a stored run of the chapter.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun

    Returns
    -------
    dict of str to dict of str to numpy.ndarray (runs, seeds, runs, seeds)
        By the names of the records and by the words for the layer, and the table of
        `dfa_utils.studies.features.one_wrong`.
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
        By the names of each two rules in `dfa_utils.studies.features.PAIRS`, and by the words of
        `dfa_utils.studies.features.KINDS`.
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
    """Judge whether the mistakes of two rules are of another kind.

    The pairs are those of `dfa_utils.studies.features.PAIRS`.

    Let p be the share of all seeds of a rule, if there were many, that are wrong on an image. The
    cosine between the p of two rules, over the images, is one if one rule makes the mistakes of
    the other, more often or less. Products of different seeds estimate it without bias from the
    chance in each.

    Parameters
    ----------
    both : numpy.ndarray of int (runs, seeds, runs, seeds)
        As `dfa_utils.studies.features.both_wrong` returns it.

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
