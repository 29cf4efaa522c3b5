"""Claims, judged by what a stored run of a notebook has recorded of several networks."""

from itertools import combinations

import numpy as np

from dfa_utils.chapter.records import record, record_errors
from dfa_utils.chapter.stored import load_history, load_results
from dfa_utils.validation import check, check_instance

ZERO = 0.1  # percent: at most, in every seed, where a train error has reached zero


def interval(values):
    """Return the mean over the seeds and the sample standard deviation.

    Parameters
    ----------
    values : numpy.ndarray (seeds, ...)

    Returns
    -------
    pair of float, or of numpy.ndarray (...) where there are further axes
    """
    return np.mean(values, axis=0), np.std(values, axis=0, ddof=1)


def agree(one, other):
    """Tell whether two intervals, mean and half width each, overlap, bool."""
    return bool(abs(one[0] - other[0]) <= one[1] + other[1])


def difference(one, other):
    """Return in words how an interval lies beside another; empty where they agree.

    Parameters
    ----------
    one, other : (float, float)
        As `agree` takes them.

    Returns
    -------
    str
        Such as ``" (higher, by a gap of 0.2)"``.
    """
    if agree(one, other):
        return ""
    gap = abs(one[0] - other[0]) - one[1] - other[1]
    return f" ({'higher' if one[0] > other[0] else 'lower'}, by a gap of {gap:.2g})"


def clearly(change):
    """Tell whether a change is above zero by more than twice its spread over the seeds.

    Parameters
    ----------
    change : numpy.ndarray (seeds, ...)

    Returns
    -------
    numpy.ndarray of bool (...)
    """
    mean, spread = interval(change)
    return mean > 2 * spread


def judge(name, claim, holds):
    """Print whether a claim holds, and record it as ``holds_{name}``.

    Parameters
    ----------
    name, claim : str
    holds : bool
    """
    record(f"holds_{check('name', name)}", bool(holds))
    print(f"{'holds' if holds else 'does not hold':13} | {check('claim', claim, 'name')}")


def judge_order(prefix, errors):
    """Print and record of each two runs which is clearly ahead, seed by seed, if one is.

    Parameters
    ----------
    prefix : str
        The records are ``{prefix}_{one}_or_{other}``: the name of one of the two, or "neither".
    errors : dict of str to numpy.ndarray (seeds,)
        By the names of the runs, of the same seeds in the same order.
    """
    check_instance("errors", errors, dict)
    for one, other in combinations(errors, 2):
        change = errors[other] - errors[one]
        ahead = one if clearly(change) else other if clearly(-change) else "neither"
        record(f"{check('prefix', prefix)}_{one}_or_{other}", ahead)
        print(f"{one} or {other}: {ahead} is ahead")


def compare_means(prefix, errors):
    """Print and record of each two runs how far their means are apart, and Welch's test of it.

    Parameters
    ----------
    prefix : str
        The records are ``{prefix}_{other}_minus_{one}``, in percentage points, and that with
        ``_p``: the probability of a difference as large, either way, if the means were equal.
    errors : dict of str to numpy.ndarray (seeds,)
        By the names of the runs; of at least two seeds each.
    """
    from scipy.stats import ttest_ind

    check_instance("errors", errors, dict)
    for one, other in combinations(errors, 2):
        difference = np.mean(errors[other]) - np.mean(errors[one])
        p = ttest_ind(errors[one], errors[other], equal_var=False).pvalue
        name = f"{check('prefix', prefix)}_{other}_minus_{one}"
        record(name, difference)
        record(f"{name}_p", p)
        print(f"{other} minus {one}: {difference:+.3f} points, p = {p:.2f}")


class StoredRun:
    """What a stored run of a notebook has recorded, and what that says of claims.

    Parameters
    ----------
    name : str
        As `dfa_utils.chapter.stored.load_results` takes it.

    Attributes
    ----------
    parameters : dict
        Those that the notebook was run with.
    """

    def __init__(self, name):
        self.name, self.records = check("name", name), load_results(name)
        self.parameters = self.records["provenance"]["parameters"]
        self.shown = set()

    def show_parameters(self, live):
        """Print the parameters whose values are others than in ``live``, dict."""
        for name, value in self.parameters.items():
            if name not in ("backend", "checkpoint_dir") and value != live.get(name, value):
                print(f"{name:20} {value}   (live {live[name]})")

    def histories(self, runs, prefix=""):
        """Return the curves of several networks.

        Parameters
        ----------
        runs : dict of str to str
            What the records of each begin with, by the words for it.
        prefix : str
            What comes before that.

        Returns
        -------
        dict of str to dfa_utils.history.History
        """
        return {words: load_history(self.name, prefix + run) for words, run in runs.items()}

    def curve(self, name):
        """Return what was recorded by epoch as ``{name}_curve``, numpy.ndarray (epochs, ...)."""
        return np.array(self.records[f"{check('name', name)}_curve"], dtype=float)

    def curves(self, runs, measure, prefix=""):
        """Return what several networks have measured.

        Parameters
        ----------
        runs : dict of str to str
            As ``histories`` takes them.
        measure : str
            Such as ``"angle"``.
        prefix : str
            As ``histories`` takes it.

        Returns
        -------
        dict of str to numpy.ndarray (epochs, ...)
        """
        return {words: self.curve(f"{prefix}{run}_{measure}") for words, run in runs.items()}

    def last(self, run, quantity):
        """Return the last errors, numpy.ndarray (seeds,); print and record them the first time."""
        values = load_history(self.name, run).last(quantity)
        if (run, quantity) not in self.shown:
            self.shown.add((run, quantity))
            record_errors(f"stored_{run}", quantity, values)
        return values

    def judge_zero(self, run, who):
        """Judge whether a train error reaches zero, and print after how many epochs."""
        errors, epochs = self.last(run, "train_error"), load_history(self.name, run).epochs_run
        print(f"{who}: epochs of each seed {', '.join(map(str, epochs))}")
        judge(f"{run}_zero", f"{who}: the train error reaches zero", errors.max() <= ZERO)

    def judge_published(self, run, quantity, mean, half_width, who):
        """Judge whether the last errors agree with a published interval, percent."""
        pair = interval(self.last(run, quantity)), (mean, half_width)
        claim = f"{who}: the {quantity.replace('_', ' ')} agrees with the published {mean:g} %"
        judge(f"{run}_{quantity}", claim + difference(*pair), agree(*pair))

    def judge_like(self, run, other, who):
        """Judge whether the last errors of a network agree with those of another."""
        for quantity in ("train_error", "test_error"):
            theirs, ours = (interval(self.last(name, quantity)) for name in (other, run))
            claim = f"{who}: the {quantity.replace('_', ' ')} agrees with that of {other}"
            judge(f"{run}_{quantity}", claim + difference(ours, theirs), agree(ours, theirs))

    def judge_release(self, form, runs):
        """Judge what happens before and after the release of a frozen layer.

        Parameters
        ----------
        form : str
            How the records of all these networks begin, and after an underscore the values of
            ``runs``.
        runs : dict of str to str
            By the words for each rule of what follows the release; under all but ``"bp"`` the
            error is to rise at first.
        """
        frozen = self.parameters["pretrain_epochs"]
        curves = self.histories(runs, f"{form}_")
        before = next(iter(curves.values())).train_error[frozen - 1]
        record_errors(f"stored_{form}_frozen", "train_error", before)
        judge(f"{form}_frozen", "frozen: about 5 %", abs(before.mean() - 5) <= 1)
        for words, run in runs.items():
            after = curves[words].train_error[frozen:]
            record_errors(f"stored_{form}_{run}", "peak_train_error", after.max(axis=0))
            rises, expected = clearly(after.max(axis=0) - before), run != "bp"
            claim = f"{words}: the train error {'rises' if expected else 'does not rise'} at first"
            judge(f"{form}_{run}_peak", claim, rises == expected)
            self.judge_zero(f"{form}_{run}", words)

    def judge_fall(self, run, quantity, who, expected=True):
        """Judge whether what was measured has fallen, or as expected has not, since the start."""
        values = self.curve(f"{run}_{quantity}")
        fall = values[0] - values[-1]
        mean, spread = interval(fall)
        for name, value in (("", mean), ("_std", spread), ("_per_seed", fall)):
            record(f"stored_{run}_{quantity}_fall{name}", value)
        which = f"in {np.count_nonzero(fall > 0)} of {len(fall)} seeds"
        print(f"{run:9} {quantity} falls by {mean:.3f} ± {spread:.3f}, {which}")
        verb = "lowers" if expected else "does not lower"
        judge(run, f"{who} {verb} the {quantity}", clearly(fall) == expected)

    def judge_theorem(self, runs):
        """Print K, both L and both cosines by layer after the last epoch, and judge K and L.

        Judged are the layers by themselves, and the sums over two adjacent ones.

        Parameters
        ----------
        runs : dict of str to str
            The prefixes of the records of `dfa_utils.alignment.theorem_criteria`, by rule.
        """
        rows = {"K": 2, "L lower": 4, "L upper": 4, "cosine lower": 2, "cosine upper": 2}
        for words, table in self.curves(runs, "theorem").items():
            start, end = table[0], table[-1]
            for (row, digits), *values in zip(rows.items(), *interval(end), strict=True):
                cells = (f"{m:.{digits}f}±{s:.{digits}f}" for m, s in zip(*values, strict=True))
                cells = ("-" if "nan" in cell else cell for cell in cells)
                print(f"{words:4}{row:12}", *(f"{cell:>13}" for cell in cells))
            K, lower, upper = np.moveaxis(end, 1, 0)[:3]
            changes = end - start
            pairs = changes[:, 1, :-1] + changes[:, 2, 1:]
            for name, claim, values in (
                ("k", "K falls in every layer", start[:, 0] - K),
                ("k_pairs", "K falls in every pair", -changes[:, 0, :-1] - changes[:, 0, 1:]),
                ("l_lower", "L of every lower layer is above zero", lower[:, :-1]),
                ("l_upper", "L of every upper layer is above zero", upper[:, 1:]),
                ("l_pairs", "L rises in every pair", pairs),
            ):
                held = clearly(values)
                text = f"{words}: {claim} ({held.sum()} of {len(held)})"
                judge(f"{runs[words]}_{name}", text, held.all())
