"""Runs that differ in one thing: trained, measured at the end, judged beside the usual one."""

import numpy as np

from dfa_utils.chapter.records import record
from dfa_utils.chapter.spread import each_seed, is_wide
from dfa_utils.chapter.verdicts import clearly, interval, judge
from dfa_utils.validation import check_instance


def train_each(runs, until, measure, chapter, prefix):
    """Train runs, and take measurements at the end of each.

    Parameters
    ----------
    runs : dict of str to Run, or to a dict of this kind
        By the words for each. A run that stands in several places is trained once.
    until : int
        The last epoch.
    measure : dict of str to callable
        As `dfa_utils.training.Run.fit` takes it.
    chapter : Chapter
        It knows where checkpoints are kept, if anywhere.
    prefix : str
        Of the names of the checkpoints.

    Returns
    -------
    dict
        Of the same form, with a dict in the place of each run: ``train_error`` and ``test_error``
        (seeds,), percent, and each measurement (seeds, ...) by its name.
    """
    check_instance("runs", runs, dict)
    ends = {}
    for words, run in runs.items():
        name = f"{prefix}_{words}"
        if isinstance(run, dict):
            ends[words] = train_each(run, until, measure, chapter, name)
            continue
        run.fit(until, checkpoint=chapter.checkpoint(name) if run.epoch < until else None)
        to_host = run.data.backend.to_host
        ends[words] = {kind: run.history.last(kind) for kind in ("train_error", "test_error")}
        ends[words] |= {what: to_host(function(run)) for what, function in measure.items()}
    return ends


def layers_of(ends, quantity):
    """Return a measurement of hidden layers, layer by layer.

    Parameters
    ----------
    ends : dict of str to dict
        By the words for each run, from `train_each` or as it was stored.
    quantity : str
        Of values (seeds, layers).

    Returns
    -------
    dict of str to dict of str to numpy.ndarray (seeds,)
        By ``"layer 1"`` and so on, and by the words for each run.
    """
    found = {words: np.array(end[quantity], dtype=float) for words, end in ends.items()}
    count = min(values.shape[1] for values in found.values())
    return {
        f"layer {k + 1}": {words: values[:, k] for words, values in found.items()}
        for k in range(count)
    }


def by_layer(rows, quantity):
    """Return a measurement of hidden layers as the panels of a figure, a layer each.

    Parameters
    ----------
    rows : dict of str to dict
        By the words for a line, such as a rule, of dicts as `layers_of` takes them.
    quantity : str

    Returns
    -------
    dict of str to dict of str to dict of str to numpy.ndarray (seeds,)
        As `dfa_utils.figures.variations.plot_variations` takes it.
    """
    lines = {words: layers_of(ends, quantity) for words, ends in rows.items()}
    panels = next(iter(lines.values()))
    return {layer: {words: line[layer] for words, line in lines.items()} for layer in panels}


def profiles_of(rows, quantity):
    """Return a measurement of the last run of each row, layer by layer.

    Parameters
    ----------
    rows : dict of str to dict of str to dict
        By the words for a line, and by those for each run.
    quantity : str

    Returns
    -------
    dict of str to dict of str to numpy.ndarray (seeds,)
        By the words for a line, and by the number of the layer, the first is ``"1"``.
    """
    lines = {}
    for words, row in rows.items():
        values = np.array(list(row.values())[-1][quantity], dtype=float)
        lines[words] = {f"{k + 1}": values[:, k] for k in range(values.shape[1])}
    return lines


def errors_of(ends):
    """Return ``ends`` with the test errors (seeds,) in the place of each run, dict."""
    return {
        words: np.array(end["test_error"]) if "test_error" in end else errors_of(end)
        for words, end in ends.items()
    }


def limits_of(ends):
    """Return what `dfa_utils.alignment.closest_angles` has found for as many units as a name says.

    Parameters
    ----------
    ends : dict of str to dict
        By the width of the narrow layer, such as ``"3"``, with a measurement ``limit``.

    Returns
    -------
    dict of str to numpy.ndarray (seeds,)
    """
    found = {width: np.array(end["limit"]) for width, end in ends.items()}
    return {k: values[:, min(int(k), values.shape[1]) - 1] for k, values in found.items()}


def verdict(errors, usual, level):
    """Say in a word how errors lie between those of the usual run and a level of failure.

    Parameters
    ----------
    errors, usual, level : numpy.ndarray (seeds,)
        Of the same seeds in the same order.

    Returns
    -------
    {"fails", "costs", "works"}
        It fails where it is not clearly below the level, costs where it is clearly above the usual
        error, and works else; see `dfa_utils.chapter.verdicts.clearly`.
    """
    if not clearly(np.array(level) - errors):
        return "fails"
    return "costs" if clearly(errors - np.array(usual)) else "works"


def judge_each(panels, usual, levels):
    """Print the verdict on each run and its error in percent, and record the former.

    Beside them stands, seed by seed, how far the errors are above those of the usual run.

    Parameters
    ----------
    panels : dict of str to dict of str to dict of str to array_like (seeds,)
        As `dfa_utils.figures.variations.plot_variations` takes them.
    usual : (str, str)
        The title and the words of the usual run.
    levels : dict of str to array_like (seeds,)
        The last one is that of failure.
    """
    runs = {
        (title, words): np.array(errors)
        for title, lines in panels.items()
        for line in lines.values()
        for words, errors in line.items()
    }
    verdicts, failure = {}, list(levels.values())[-1]
    for (title, words), errors in runs.items():
        found = verdict(errors, runs[usual], failure)
        verdicts.setdefault(title, {})[words] = found
        change, own = interval(errors - runs[usual])
        beside = f"{change:+6.2f} ± {own:5.2f}   {spread_words(errors)}"
        print(f"{title:15} {words:12} {found:6} {beside}")
    record("stored_verdicts", verdicts)


def judge_narrow(narrow, classes):
    """Judge what a narrow layer between two wide ones does, and print each change.

    Parameters
    ----------
    narrow : dict of str to dict of str to dict
        By rule, and ``"few learn"``, and by the width of the second of three layers, the widest
        last: ends with the measurements ``angle`` and ``rank``.
    classes : int
    """
    ranks, angles = (by_layer(narrow, quantity) for quantity in ("rank", "angle"))
    widths = list(narrow["DFA"])
    *narrower, widest = widths
    few = [k for k in widths if int(k) < classes]
    beneath, own = angles["layer 1"], angles["layer 2"]["DFA"]
    tolerance = 1 + 1e-3  # of sums in single precision
    fits = [
        ranks["layer 1"][rule][k].max() <= tolerance * (classes if rule == "DFA" else int(k))
        for rule in ("BP", "FA", "DFA")
        for k in widths
    ]
    judge("few_directions", f"few directions ({sum(fits)} of {len(fits)})", all(fits))
    errors = errors_of(narrow)
    gap = {k: errors["DFA"][k] - errors["BP"][k] for k in widths}
    free = beneath["few learn"]
    judge_changes(
        {
            "no alignment beneath": {k: beneath["DFA"][k] - beneath["DFA"][widest] for k in few},
            "less alignment beneath than FA": {
                k: beneath["DFA"][k] - beneath["FA"][k] for k in few
            },
            "no alignment in the narrow layer": {k: own[k] - own[widest] for k in few},
            "few learn": {k: free[k] - free[widest] for k in few},
            "it costs DFA more": {k: gap[k] - gap[widest] for k in narrower},
        }
    )


def judge_changes(claims):
    """Judge claims, each of several changes that are to be clearly above zero.

    Parameters
    ----------
    claims : dict of str to dict of str to numpy.ndarray (seeds,)
        By the claim, and by the words for each change.
    """
    for claim, changes in claims.items():
        held = [bool(clearly(change)) for change in changes.values()]
        judge(claim.replace(" ", "_"), f"{claim} ({sum(held)} of {len(held)})", all(held))
        for words, change in changes.items():
            mean, spread = interval(change)
            print(f"{'':16}{words:>4}: {mean:+6.2f} ± {spread:.2f}")


def judge_learning(rows, most=50.0):
    """Print which runs have learned with every seed, and record them as ``stored_learned``.

    Parameters
    ----------
    rows : dict of str to dict of str to dict
        By rule and by depth.
    most : float
        Percent: a test error below it in every seed is one that has learned.
    """
    errors, learned = errors_of(rows), {}
    for rule, row in errors.items():
        learned[rule] = {depth: bool(values.max() < most) for depth, values in row.items()}
        for depth, values in row.items():
            words = "learns" if learned[rule][depth] else "does not"
            print(f"{rule:17} {depth:>3}  {words}  {spread_words(values)}")
    record("stored_learned", learned)


def spread_words(errors):
    """Return mean and deviation of errors in percent, and the seeds where they are wide apart."""
    mean, spread = interval(errors)
    beside = f" ({each_seed(errors)})" if is_wide(mean, spread) else ""
    return f"{mean:6.2f} ± {spread:5.2f} %{beside}"
