"""Two tasks in sequence: what is left of the first where the second is learned."""

import numpy as np

from dfa_utils.chapter.records import record
from dfa_utils.chapter.verdicts import interval, judge_order


def error_on(task):
    """Return a measurement of a run: its error on the test images of a task.

    Parameters
    ----------
    task : dfa_utils.data.Dataset

    Returns
    -------
    callable
        ``function(run)`` returns an array (running seeds,), percent.
    """

    def measure(run):
        known = run.network.predict(run.state.params, task.test_images) == task.test_labels
        backend = task.backend
        return backend.asarray(100 - 100 * backend.to_host(known).mean(axis=-1))

    return measure


def left_at(level, falling, other):
    """Read curves where others, which fall, first come down to a level.

    Parameters
    ----------
    level : float
    falling, other : array_like (epochs + 1, seeds)
        Between two epochs they are straight lines.

    Returns
    -------
    numpy.ndarray (seeds,)
        Of the other curves; not-a-number for a seed that does not come down to the level, or that
        begins there.
    """
    left = []
    for down, values in zip(np.transpose(falling), np.transpose(other), strict=True):
        k = np.argmax(down <= level)
        between = np.interp(level, down[[k, k - 1]], values[[k, k - 1]])
        left.append(between if k else np.nan)
    return np.array(left)


def record_tasks(name, runs, levels):
    """Record and return what is left of the first task, and how the second was learned.

    Parameters
    ----------
    name : str
        The records are ``{name}_{quantity}_curve``: ``left``, the error on the first task at each
        level of that on the second; ``before``, the same before the second task; ``epochs``, how
        many the second took; and ``angle``, degrees, in the mean of the hidden layers, before it.
    runs : list of (Run, numpy.ndarray (seeds, hidden layers))
        One for each rate: what has measured ``"first"`` and ``"second"``, and the angles before.
    levels : list of float

    Returns
    -------
    dict of str to list
        By quantity, a row for each rate.
    """
    found = {"left": [], "before": [], "epochs": [], "angle": []}
    for run, angles in runs:
        first, second = (np.array(run.measured[task]) for task in ("first", "second"))
        found["left"].append([left_at(level, second, first) for level in levels])
        found["before"].append(first[0])
        found["epochs"].append(run.history.epochs_run)
        found["angle"].append(angles.mean(axis=-1))
    for quantity, values in found.items():
        record(f"{name}_{quantity}_curve", np.round(np.array(values, dtype=float), 4))
    return found


def judge_tasks(stored, names):
    """Print and record which way forgets less at each rate, and print what else is recorded.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun
        Of `record_tasks`.
    names : dict of str to str
        What the records of each way begin with, by the words for it.
    """
    left = {name: stored.curve(f"{name}_left")[:, -1] for name in names.values()}
    for place, rate in enumerate(stored.parameters["sgd_rates"]):
        print(f"learning rate {rate}")
        judge_order(f"rate_{place}", {name: values[place] for name, values in left.items()})
    for quantity in ("before", "left", "epochs", "angle"):
        print(f"\n{quantity}, from the smallest rate to the largest")
        for words, name in names.items():
            rows = left[name] if quantity == "left" else stored.curve(f"{name}_{quantity}")
            cells = ("{:7.2f} ± {:5.2f}".format(*interval(values)) for values in rows)
            print(f"{words:20}", *cells)
