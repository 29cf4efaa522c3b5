"""Records that a program can read from an executed notebook."""

import json
import math

import numpy as np

from dfa_utils.chapter.spread import each_seed, is_wide
from dfa_utils.history import History
from dfa_utils.validation import check, check_instance, check_path, numbers, refuse

PREFIX = "application/papermill.record/"


def record(name, value):
    """Store a value in the running notebook under a name that programs can read.

    Parameters
    ----------
    name : str
    value : float, int, str, None, numpy.ndarray, or lists and dicts of them
        Not-a-number is stored as None, an array as nested lists.
    """
    from IPython.display import display

    check("name", name)
    try:
        value = _plain(value)
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        refuse("value", "numbers, text, None, or arrays, lists and dicts of them", value)
    data = {f"{PREFIX}application/json": text, f"{PREFIX}text/plain": repr(value)}
    metadata = {"scrapbook": {"name": name, "mime_prefix": PREFIX}}
    display(data, metadata=metadata, raw=True)


def record_errors(prefix, quantity, errors):
    """Record and print the mean over the seeds, and the sample standard deviation, of errors.

    Where the spread is wide (see `dfa_utils.chapter.spread`), each seed is printed as well.

    Parameters
    ----------
    prefix, quantity : str
        The records are ``{prefix}_{quantity}`` and that with ``_std`` and with ``_per_seed``; an
        empty prefix is left out.
    errors : array_like (seeds,)
        In percent. The deviation of a single seed is None.
    """
    check("prefix", prefix)
    check("quantity", quantity)
    errors = _errors(errors)
    name = f"{prefix}_{quantity}" if prefix else quantity
    mean, deviation = errors.mean(), errors.std(ddof=1) if len(errors) > 1 else None
    record(name, mean)
    record(f"{name}_std", deviation)
    record(f"{name}_per_seed", errors)
    spread = f" ± {deviation:.2f}" if deviation is not None else ", one seed"
    spread += f" ({each_seed(errors)})" if is_wide(mean, deviation) else ""
    print(f"{prefix:8} {quantity.replace('_', ' '):15} {mean:6.2f} %{spread}".lstrip())


def record_curve(name, values):
    """Record the mean over the seeds, and the sample standard deviation, epoch by epoch.

    Parameters
    ----------
    name : str
        The records are ``{name}_curve``, ``{name}_std_curve`` and ``{name}_seeds_curve``, of which
        the last is (epochs, ..., seeds).
    values : array_like (epochs, seeds, ...)
        The deviation of a single seed is None.
    """
    values = numbers("values", values, "an array (epochs, seeds, ...)")
    if values.ndim < 2 or not values.shape[1]:
        refuse("values", "an array (epochs, seeds, ...)", values)
    several = values.shape[1] > 1
    record(f"{check('name', name)}_curve", values.mean(axis=1))
    deviation = values.std(axis=1, ddof=1) if several else np.nan * values[:, 0]
    record(f"{name}_std_curve", deviation)
    record(f"{name}_seeds_curve", np.round(np.moveaxis(values, 1, -1).astype(float), 4))


def record_history(history, prefix=""):
    """Record the curves of a run and where each seed stopped; print errors and epochs.

    Parameters
    ----------
    history : History
        The records are ``train_error``, ``test_error`` (percent, at each seed's last epoch, mean
        over the seeds) and ``epochs_run`` (mean), each with ``_std`` and ``_per_seed``, and a
        ``_curve`` (epochs, seeds) of each of the four quantities.
    prefix : str
        Of all these names, with an underscore, where a notebook records several runs.
    """
    check_instance("history", history, History)
    start = f"{check('prefix', prefix)}_" if prefix else ""
    for quantity in ("train_error", "test_error"):
        record_errors(prefix, quantity, history.last(quantity))
    epochs = history.epochs_run
    record(f"{start}epochs_run", epochs.mean())
    record(f"{start}epochs_run_std", epochs.std(ddof=1) if len(epochs) > 1 else None)
    record(f"{start}epochs_run_per_seed", epochs)
    print(f"epochs until each seed stopped: {', '.join(map(str, epochs))}")
    for quantity in history.quantities:
        record(f"{start}{quantity}_curve", np.round(getattr(history, quantity), 6))


def record_run(run, prefix):
    """Record the history of a run, and what it has measured.

    Parameters
    ----------
    run : dfa_utils.training.Run
    prefix : str
        The records are those of `record_history`, and of each measurement
        ``{prefix}_{name}_curve``, (epochs + 1, seeds, ...).
    """
    record_history(run.history, check("prefix", prefix))
    for name, values in run.measured.items():
        record(f"{prefix}_{name}_curve", np.round(values, 4))


def read_records(path):
    """Read all records of an executed notebook.

    Parameters
    ----------
    path : str or path-like
        An ``.ipynb`` file.

    Returns
    -------
    dict of str to value
    """
    path = check_path("path", path)
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    except (ValueError, TypeError, KeyError):
        refuse("path", "an executed notebook", path)
    return {
        output["metadata"]["scrapbook"]["name"]: json.loads(
            output["data"][f"{PREFIX}application/json"]
        )
        for output in outputs
        if "scrapbook" in output.get("metadata", {})
    }


def _errors(errors):
    """Return the errors of the seeds as an array."""
    array = numbers("errors", errors, "a number for each seed")
    if array.ndim != 1 or not array.size:
        refuse("errors", "a number for each seed", errors)
    return array


def _plain(value):
    """Turn what NumPy holds into Python's own numbers and lists, and not-a-number into None."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value
