"""The settings of Akrout et al. (2019) for MNIST, as their released code has them, and its log."""

import math
from dataclasses import dataclass

import numpy as np

from dfa_utils.array import NormalNoise, Stream, generators_for
from dfa_utils.chapter.stored import load_results
from dfa_utils.chapter.verdicts import clearly, interval, judge
from dfa_utils.initialisers import Initialiser
from dfa_utils.losses import LOSSES
from dfa_utils.optimizers import SGD
from dfa_utils.rules import Step

#: By rule: the learning rate.
RATES = {"bp": 0.2, "fa": 0.2, "kp": 0.3, "wm": 0.05}
TICKS = (0, 1, 2, 5, 10, 20, 40, 80, 400)  # the epochs of the log but 15, which has no room
SHARE = 0.95  # of the runs with another seed that a range is to hold


class BothEnds(Initialiser):
    """Normal numbers of deviation ``scale / sqrt(fan_in + fan_out)``."""

    def __call__(self, rng, shape, fan_in, fan_out):
        return self.scale * rng.standard_normal(shape) / math.sqrt(fan_in + fan_out)


@dataclass(frozen=True)
class SlowBiases(SGD):
    """Gradient descent in which the step of a bias is divided by the size of the mini-batch."""

    batch_size: int = 128

    def step(self, parameter, gradient, slots, rate):
        parameter -= gradient / self.batch_size


def mirror_first(run):
    """Let mirrors see the noise of a whole epoch before any training.

    Parameters
    ----------
    run : Run
        Under a rule whose feedback learns from noise; its matrices move.
    """
    data, state, size = run.data, run.state, run.recipe.batch_size
    noise = NormalNoise(generators_for(run.seeds, Stream.NOISE, 0), data.backend, run.dtype)
    batch = data.train_images[:size, :], data.train_targets[:size, :]
    at = run.network, state.params, state.feedback, *batch, LOSSES[run.recipe.loss]
    step = Step.at(*at, noise=noise)
    for _ in range(data.train_images.shape[0] // size):
        run.recipe.rule.adapt(step, [step.signal], None)


def expected_range(values):
    """Return where one more seed would lie with a probability of 95 %.

    Parameters
    ----------
    values : numpy.ndarray (seeds,)
        Taken as normal.

    Returns
    -------
    pair of float
        The mean, and the half width by Student's distribution.
    """
    from scipy.stats import t

    mean, spread = interval(values)
    count = len(values)
    return mean, t.ppf((1 + SHARE) / 2, count - 1) * spread * math.sqrt(1 + 1 / count)


def compared(curve, quantity, first):
    """Yield what the log holds of a quantity beside the range of one more seed.

    Parameters
    ----------
    curve : numpy.ndarray (epochs, seeds)
        What a run has measured.
    quantity : str
        Such as ``"bp_test_error"``.
    first : int
        The number of the curve's first epoch.

    Yields
    ------
    epoch : int
        Of the log, as far as the curve goes.
    logged, mean, reach : float
    """
    log = load_results("akrout2019_mnist")
    for epoch, logged in zip(log["epochs"], log[quantity], strict=True):
        if epoch - first < len(curve):
            yield epoch, logged, *expected_range(curve[epoch - first])


def judge_log(stored, runs):
    """Print the errors of a stored run beside those of the log, and judge whether they fit.

    The last errors of the run are printed with their spread.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun
    runs : dict of str to str
        By the words for a rule, what its records begin with, there and in the log.
    """
    for words, run in runs.items():
        curve, fits = stored.curve(f"{run}_test_error"), []
        for epoch, logged, mean, reach in compared(curve, f"{run}_test_error", first=1):
            fits.append(abs(logged - mean) <= reach)
            found = f"{mean:5.2f}, one more seed within {reach:.2f}"
            print(f"{words:3} epoch {epoch:3}: here {found}, logged {logged:5.2f}")
        claim = f"{words}: the logged errors fit at {np.sum(fits)} of {len(fits)} epochs"
        judge(f"{run}_log", claim, all(fits))
        for quantity in ("train_error", "test_error"):
            stored.last(run, quantity)


def judge_log_of_matrices(stored, runs):
    """Judge whether the logged angles between feedback matrix and weights fit a stored run.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun
        Its angles begin before training.
    runs : dict of str to str
        As `judge_log` takes them.
    """
    for words, run in runs.items():
        rows = compared(stored.curve(f"{run}_matrix_angle_seeds"), f"{run}_matrix_angle", first=0)
        fits = [abs(logged - mean) <= reach for _, logged, mean, reach in rows]
        claim = f"{words}: the logged angles fit at {np.sum(fits)} of {len(fits)} epochs"
        judge(f"{run}_matrix_log", claim, all(fits))


def mark_log(figure, runs, looks, quantity):
    """Draw what the log holds of a quantity as open markers, as far as the axes reach.

    The axes of the epochs become logarithmic after the first one, with ticks where the log is.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The quantity is in its last panel.
    runs : dict of str to str
        As `judge_log` takes them; what is not in the log is left out.
    looks : dict of str to dfa_utils.figures.style.Look
    quantity : str
        Such as ``"test_error"``.
    """
    log, panel = load_results("akrout2019_mnist"), figure.axes[-1]
    last = panel.dataLim.x1
    for axes in figure.axes:
        ticks = [epoch for epoch in TICKS if axes.dataLim.x0 <= epoch <= last]
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xticks(ticks, ticks)
        axes.xaxis.minorticks_off()
    for words, run in runs.items():
        if f"{run}_{quantity}" in log:
            rows = zip(log["epochs"], log[f"{run}_{quantity}"], strict=True)
            epochs, values = zip(*(row for row in rows if row[0] <= last), strict=True)
            style = {"color": looks[words].colour, "markerfacecolor": "none", "zorder": 3}
            panel.plot(epochs, values, looks[words].marker, **style)


def judge_angles(angles):
    """Print the angles after the last epoch, and judge those of learned feedback against FA.

    Parameters
    ----------
    angles : dict of str to dict of str to numpy.ndarray (epochs + 1, seeds)
        By what is measured, ``"matrix"`` or ``"sent"``, and the words for a rule; FA among them.
    """
    for part, curves in angles.items():
        for words, curve in curves.items():
            mean, spread = interval(curve[-1])
            print(f"{part:6} {words:13} {mean:5.1f} ± {spread:.1f}")
        for words, curve in curves.items():
            if words != "FA":
                claim = f"{part}: the angle of {words} is smaller than that of FA"
                name = words.lower().replace(" ", "_")
                judge(f"{name}_{part}", claim, clearly(curves["FA"][-1] - curve[-1]))


def judge_decay(stored, matrices):
    """Judge what weight decay does to the matrices of Kolen-Pollack, and to its test error.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun
    matrices : dict of str to numpy.ndarray (epochs + 1, seeds)
        Angles, of ``"KP"`` and ``"KP with decay"``.
    """
    gain = matrices["KP"][-1] - matrices["KP with decay"][-1]
    judge("decay_closes", "decay: the angle of the matrix is smaller than without", clearly(gain))
    stored.last("kp_decay", "train_error")
    plain, decayed = (stored.last(run, "test_error") for run in ("kp", "kp_decay"))
    judge("decay_costs", "decay: the test error is higher than without", clearly(decayed - plain))
    judge("decay_helps", "decay: the test error is lower than without", clearly(plain - decayed))
