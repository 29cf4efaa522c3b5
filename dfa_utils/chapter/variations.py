"""Runs that differ in one thing: trained, measured at the end, judged beside the usual one."""

import numpy as np

from dfa_utils.chapter.records import record
from dfa_utils.chapter.verdicts import clearly
from dfa_utils.validation import check, check_instance


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


def layer_of(ends, quantity, layer):
    """Return one layer of a measurement.

    Parameters
    ----------
    ends : dict of str to dict
        By the words for each run, from `train_each` or as it was stored.
    quantity : str
    layer : int
        The first is 0.

    Returns
    -------
    dict of str to numpy.ndarray (seeds,)
    """
    found = {words: np.array(end[quantity], dtype=float) for words, end in ends.items()}
    return {words: values[:, layer] for words, values in found.items()}


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


def judge_each(name, panels, usual, level):
    """Print and record the verdict on each run, and its error in percent.

    Parameters
    ----------
    name : str
        Of the record, a dict of verdicts of the form of ``panels``.
    panels : dict of str to dict of str to array_like (seeds,)
        By what was varied, and by the words for each variant.
    usual, level : array_like (seeds,)
        As `verdict` takes them.
    """
    words = {}
    for title, line in panels.items():
        words[title] = {}
        for variant, errors in line.items():
            errors = np.array(errors)
            words[title][variant] = found = verdict(errors, usual, level)
            change = np.mean(errors - np.array(usual))
            mean, spread = errors.mean(), errors.std(ddof=1)
            print(
                f"{title:15} {variant:12} {found}  {mean:6.2f} ± {spread:5.2f} %  ({change:+6.2f})"
            )
    record(check("name", name), words)
