"""Runs that differ in one thing: trained, measured at the end, judged beside the usual one."""

import numpy as np

from dfa_utils.chapter.records import record
from dfa_utils.chapter.verdicts import clearly, interval
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


def errors_of(ends):
    """Return the test errors of each run, dict of str to numpy.ndarray (seeds,)."""
    return {words: np.array(end["test_error"]) for words, end in ends.items()}


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
        (mean, spread), (change, own) = interval(errors), interval(errors - runs[usual])
        beside = f"{mean:6.2f} ± {spread:5.2f} %   {change:+6.2f} ± {own:5.2f}"
        print(f"{title:15} {words:12} {found:6} {beside}")
    record("stored_verdicts", verdicts)
