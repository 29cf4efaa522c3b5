"""Claims, judged by what a stored run of a notebook has recorded of several networks."""

import textwrap
from itertools import combinations

import numpy as np

from dfa_utils.chapter.records import record, record_errors
from dfa_utils.chapter.stored import load_history, load_results
from dfa_utils.validation import check, check_instance

ZERO = 0.1  # percent: at most, in every seed, where a train error has reached zero
NOTE_WIDTH = 76  # columns of a printed note: they fit a page


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


def beside_chance(values, nulls):
    """Tell of each layer whether chance is a right angle, and whether its angle is below chance.

    Parameters
    ----------
    values : numpy.ndarray (seeds, layers)
        Angles in degrees.
    nulls : numpy.ndarray (draws, seeds, layers)
        The same for feedback with which the networks have never trained.

    Returns
    -------
    dict of str to numpy.ndarray of bool (layers,)
        Whether the mean of the nulls is within three standard errors of ninety degrees, and
        whether the angle of every seed is below all draws for that seed.
    """
    draws = nulls.reshape(-1, nulls.shape[-1])
    error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    right = abs(draws.mean(axis=0) - 90) < 3 * error
    below = (values < nulls.min(axis=0)).all(axis=0)
    return {"chance is a right angle": right, "is aligned": below}


def halfway(curve):
    """Return the epoch by which values have gone half of their way from the first to the last.

    Parameters
    ----------
    curve : numpy.ndarray (epochs + 1, ...)
        From before the first epoch on.

    Returns
    -------
    numpy.ndarray (...)
        Where they first reach it, interpolated between epochs.
    """
    way = (curve - curve[0]) / (curve[-1] - curve[0])
    after = np.argmax(way >= 0.5, axis=0)[None]
    low, high = (np.take_along_axis(way, after - k, axis=0)[0] for k in (1, 0))
    return after[0] - 1 + (0.5 - low) / (high - low)


def judge_layers(name, claim, held):
    """Judge a claim that is one on all layers, and say on how many of them it holds.

    Parameters
    ----------
    name, claim : str
    held : numpy.ndarray of bool (layers,)
    """
    judge(name, f"{claim} ({np.sum(held)} of {np.size(held)} layers)", np.all(held))


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
        """Print the parameters whose values are others than in ``live``, dict, and the note."""
        for name, value in self.parameters.items():
            if name not in ("backend", "checkpoint_dir") and value != live.get(name, value):
                print(f"{name:20} {value}   (live {live[name]})")
        if note := self.records["provenance"].get("note"):
            print(textwrap.fill(f"note: {note}", NOTE_WIDTH))

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

    def last_angles(self, run):
        """Return the angles after the last epoch by the words for them, (seeds, layers) each."""
        words = {"errors": "angle", "weights": "weight"}
        return {of: self.curve(f"{run}_{kind}")[-1] for of, kind in words.items()}

    def last_sizes(self, run):
        """Return how large BP's own errors were after the last epoch, that of the output being one.

        Of what was recorded by `dfa_utils.alignment.error_sizes`, numpy.ndarray (seeds, layers).
        """
        true = self.curve(f"{run}_size")[-1, :, 1]
        return true[:, :-1] / true[:, -1:]

    def judge_angles(self, runs):
        """Judge the angles of errors and weights after the last epoch beside those of chance.

        Parameters
        ----------
        runs : dict of str to str
            The prefixes of the records, by the words for each network. They have recorded the
            measurements ``angle`` and ``weight`` and, of fresh feedback, ``angle_null`` and
            ``weight_null``, (draws, seeds, layers).
        """
        for words, run in runs.items():
            last = self.last_angles(run)
            for (of, values), kind in zip(last.items(), ("angle", "weight"), strict=True):
                found = beside_chance(values, self.curve(f"{run}_{kind}_null"))
                print(f"{words}, {of}: {_spreads(values)} degrees")
                for claim, layers in found.items():
                    place = f"{run}_{kind}_{claim.split()[-1]}"
                    judge_layers(place, f"{words}, {of}: {claim}", layers)
            for one, other in (("errors", "weights"), ("weights", "errors")):
                claim = f"{words}: the angle of {one} is smaller than that of {other}"
                judge_layers(f"{run}_{one}_nearer", claim, clearly(last[other] - last[one]))

    def judge_sizes(self, runs, least):
        """Judge whether BP's own error is at least so large, the output's being one, in each seed.

        Parameters
        ----------
        runs : dict of str to str
            As `judge_angles` takes them.
        least : float
        """
        for words, run in runs.items():
            enough = self.last_sizes(run).min(axis=0) >= least
            judge_layers(f"{run}_counts", f"{words}: the true error counts", enough)

    def judge_depth(self, forms, rules=("bp", "fa", "dfa")):
        """Judge whether test errors are clearly below those with random hidden layers.

        Parameters
        ----------
        forms : iterable of str
            How the records of the networks begin; then follows ``frozen``, or a rule's name.
        rules : sequence of str
        """
        for form in forms:
            frozen = self.last(f"{form}_frozen", "test_error")
            for rule in rules:
                gain = frozen - self.last(f"{form}_{rule}", "test_error")
                claim = f"{rule.upper()}, {form}: depth is worth something"
                judge(f"{form}_{rule}_depth", claim, clearly(gain))

    def judge_phases(self, runs):
        """Judge in which order errors and angles go their ways, and whether angles turn back.

        Parameters
        ----------
        runs : dict of str to str
            The prefixes of the records, by the words for each noise of the labels. They have
            recorded the measurements ``error``, of training images, and ``angle``, by layer; the
            first is without noise.
        """
        clean = self.curve(f"{next(iter(runs.values()))}_angle")[-1]
        for number, (words, run) in enumerate(runs.items()):
            angle = self.curve(f"{run}_angle")
            turn, fit = halfway(angle), halfway(self.curve(f"{run}_error"))
            print(
                f"{words}, half-way epochs: layers {_spreads(turn)}; fit {_spreads(fit[:, None])}"
            )
            print(f"{words}, last angles: {_spreads(angle[-1])}")
            first = clearly(fit[:, None] - turn)
            judge_layers(f"{run}_first", f"{words}: alignment comes first", first)
            up = clearly(turn[:, 1:] - turn[:, :-1])
            judge_layers(f"{run}_up", f"{words}: each layer before the one above", up)
            back = angle[-1] - angle.min(axis=0)
            given_up = clearly(back) & (back.mean(axis=0) >= 1)
            judge_layers(f"{run}_given_up", f"{words}: alignment is given up", given_up)
            if number:
                costs = clearly(angle[-1] - clean)
                judge_layers(f"{run}_costs", f"{words}: noise costs alignment", costs)

    def judge_ends(self, runs, gain=10, close=45):
        """Judge whether networks of one run have come nearer to one another, and how near.

        Parameters
        ----------
        runs : dict of str to (str, bool)
            By the words for each: the prefix of its records, of the measurement ``network``, see
            `dfa_utils.alignment.network_angles`, and whether the networks share their feedback.
        gain, close : float
            Degrees: how much nearer is nearer, and below what angle they are close.
        """
        for words, (run, shared) in runs.items():
            curve = self.curve(f"{run}_network")
            print(f"{words}: angles before {_spreads(curve[0])}, after {_spreads(curve[-1])}")
            change = curve[0] - curve[-1]
            nearer = clearly(change) & (change.mean(axis=0) >= gain)
            if shared:
                judge_layers(f"{run}_nearer", f"{words}: they end nearer than they began", nearer)
                below = (curve[-1] < close).all(axis=0)
                judge_layers(f"{run}_close", f"{words}: they end close", below)
            else:
                judge_layers(f"{run}_apart", f"{words}: they end no nearer", ~nearer)

    def since_release(self, runs, measure):
        """Return test errors and what was measured from the release of a frozen layer on.

        Parameters
        ----------
        runs : dict of str to str
            The prefixes of the records, by the words for each.
        measure : str
            As `curves` takes it.

        Returns
        -------
        dict of str to numpy.ndarray (epochs + 1, seeds, 1 + layers)
            The test error first.
        """
        before, panels = self.parameters["pretrain_epochs"] - 1, {}
        for words, history in self.histories(runs).items():
            error = history.test_error[before:, :, None]
            panels[words] = np.concatenate([error, self.curve(f"{runs[words]}_{measure}")], axis=2)
        return panels

    def judge_rise(self, runs):
        """Judge under which rule the test error rises in the epoch after the release.

        Parameters
        ----------
        runs : dict of str to str
            As `since_release` takes them. It is to rise under ``"DFA"`` alone.
        """
        for words, panels in self.since_release(runs, "gradient").items():
            errors, angles = panels[:, :, 0], panels[:, :, 1:]
            print(f"{words}: before, after one and all epochs {_spreads(errors[[0, 1, -1]].T)} %")
            print(f"{words}: gradient angles at the release {_spreads(angles[0])}", end="")
            back = np.flatnonzero(errors[1:].mean(axis=1) < errors[0].mean())
            back = back[0] + 1 if len(back) else None
            print(f"; below its level after epoch {back}" if back else "; not back below its level")
            if back:
                print(f"{words}: gradient angles by then {_spreads(angles[back])}")
            rises, expected = clearly(errors[1] - errors[0]), words == "DFA"
            claim = f"{words}: the test error {'rises' if expected else 'does not rise'}"
            judge(f"{runs[words]}_rise", claim, rises == expected)


def _spreads(values):
    """Return mean and deviation of each layer in words; values are (seeds, layers)."""
    return ", ".join(f"{m:.1f}±{s:.1f}" for m, s in zip(*interval(values), strict=True))
