"""Networks whose output is scaled: how lazy they are, and what a stored sweep says of claims."""

from dataclasses import dataclass, field

import numpy as np

from dfa_utils.chapter.records import record
from dfa_utils.chapter.verdicts import clearly, interval, judge
from dfa_utils.network import Network

NEARLY = 0.01  # of the size of the outputs: at most, in every seed, where two networks are one


@dataclass(frozen=True, eq=False)
class Learned(Network):
    """A network whose logits are what it has learned since its start, divided by a scale.

    Parameters
    ----------
    sizes, activation : object
        As of `dfa_utils.network.Network`.
    start : list of Layer (seeds, ...)
        Where its parameters start.
    output_scale : float
    """

    start: list = field(default=None, repr=False)
    output_scale: float = 1.0

    def forward(self, params, x, masks=(), added=()):
        now = super().forward(params, x, masks, added)
        then = super().forward(self.start, x).logits
        return now._replace(logits=(now.logits - then) / self.output_scale)


def distance(backend, array, other):
    """Return the size of the difference of two arrays, relative to the size of the second.

    Parameters
    ----------
    backend : dfa_utils.array.Backend
    array, other : array (seeds, n, width)

    Returns
    -------
    numpy.ndarray (seeds,)
    """
    array, other = map(backend.to_host, (array, other))
    return np.linalg.norm(array - other, axis=(-2, -1)) / np.linalg.norm(other, axis=(-2, -1))


def record_comparisons(prefix, points):
    """Record and return how networks compare on the test images.

    Parameters
    ----------
    prefix : str
        The records are ``{prefix}_{name}_{quantity}_curve``, of which ``error`` is in percent;
        ``moved`` is the distance of the activities of the last hidden layer from where they
        started; ``from_last`` and ``from_bp`` are those of the logits from those networks'.
    points : list of dict of str to Run
        Of a sweep; each of the same names, ``"last"`` and ``"bp"`` among them, trained from the
        same `Learned` start.

    Returns
    -------
    dict of str to numpy.ndarray (points, seeds)
        By ``{name}_{quantity}``.
    """
    found = {}
    for runs in points:
        data = next(iter(runs.values())).data
        x, backend = data.test_images, data.backend
        logits = {name: run.network.logits(run.params, x) for name, run in runs.items()}
        for name, run in runs.items():
            both = (run.network.features(p, x)[-1] for p in (run.params, run.network.start))
            row = {"error": run.history.last("test_error"), "moved": distance(backend, *both)}
            for other in ("last", "bp"):
                row[f"from_{other}"] = distance(backend, logits[name], logits[other])
            for quantity, values in row.items():
                found.setdefault(f"{name}_{quantity}", []).append(values)
    for name, rows in found.items():
        record(f"{prefix}_{name}_curve", np.round(np.asarray(rows, dtype=float), 6))
    return {name: np.array(rows) for name, rows in found.items()}


def judge_claims(stored, runs):
    """Print and record what a stored sweep says of the claims of the chapter.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun
        Of `record_comparisons` with the prefixes ``scale`` and ``width``.
    runs : dict of str to str
        The names ``"bp"``, ``"fa"``, ``"copied"`` and ``"dfa"`` by the words for them.
    """
    for words, run in runs.items():
        steps = clearly(np.diff(stored.curve(f"scale_{run}_moved"), axis=0).T)
        judge(f"{run}_lazy", f"{words}: the smaller the scale, the less it moves", steps.all())
    widths, bp = stored.parameters["widths"], stored.curve("width_bp_from_last")
    for words, run in runs.items():
        if run in ("fa", "dfa"):
            near = stored.curve(f"width_{run}_from_last")
            holds = clearly(near[0] - near[-1]) and clearly(bp[-1] - near[-1])
            judge(f"{run}_last", f"{words}, lazy and wide: nearly the last layer alone", holds)
            power = np.polyfit(np.log(widths), np.log(near), 1)[0]
            print(f"{'':16}the distance goes as the width to the power {show(power)}")
            for place, which in ((0, "narrowest"), (-1, "widest")):
                own, last = (stored.curve(f"width_{name}_error")[place] for name in (run, "last"))
                print(f"{'':16}{which}: test error {show(own)} %, last layer alone {show(last)} %")
    far = stored.curve("width_copied_from_bp").max(axis=1)
    judge("copied_bp", "FA, copied, lazy: BP, at every width", far.max() <= NEARLY)
    print(f"{'':16}largest distance, by width:", *map("{:.4f}".format, far))
    fa, copied = (stored.curve(f"scale_{run}_moved")[-1] for run in ("fa", "copied"))
    judge("less_more", "FA, rich: the less correlation, the more movement", clearly(fa - copied))
    print(f"{'':16}without {show(fa)}, with {show(copied)}, difference {show(fa - copied)}")
    last, dfa = (stored.curve(f"scale_{run}_error")[-1] for run in ("last", "dfa"))
    judge("dfa_rich", "DFA, rich: better than the last layer alone", clearly(last - dfa))


def show(values):
    """Return mean and sample standard deviation over the seeds in words.

    Parameters
    ----------
    values : numpy.ndarray (seeds,)

    Returns
    -------
    str
    """
    return "{:.2f} ± {:.2f}".format(*interval(values)) if len(values) > 1 else f"{values[0]:.2f}"
