"""Results of runs that are too long for a chapter, and the published ones: package data."""

import csv
import json
from importlib import resources

import numpy as np

from dfa_utils.checks import check
from dfa_utils.history import QUANTITIES, History

FOLDER = resources.files("dfa_utils") / "results"


def load_results(name):
    """Return the records of a stored run.

    Parameters
    ----------
    name : str
        Such as ``"paper_table/2x800_tanh_dfa"``; see `list_results`.

    Returns
    -------
    dict of str to value
        As `dfa_utils.records.read_records` reads them from an executed notebook.

    Raises
    ------
    ValueError
        If there is no such run.
    """
    file = FOLDER / f"{check('name', name)}.json"
    if not file.is_file():
        raise ValueError(f"name must be one of {', '.join(list_results())}, got {name!r}")
    return json.loads(file.read_text(encoding="utf-8"))


def list_results(folder=""):
    """Return the names of all stored runs below a folder.

    Parameters
    ----------
    folder : str
        Such as ``"paper_table"``; by default all.

    Returns
    -------
    list of str
        Sorted.
    """
    check("folder", folder)
    return sorted(_names_below(FOLDER / folder if folder else FOLDER, folder))


def load_history(name):
    """Return the curves of a stored run.

    Parameters
    ----------
    name : str
        As for `load_results`.

    Returns
    -------
    dfa_utils.history.History

    Raises
    ------
    ValueError
        If there is no such run.
    """
    records = load_results(name)
    return _history(records, records["provenance"]["parameters"]["seeds"])


def load_sweep(name):
    """Return the points of a stored sweep.

    Parameters
    ----------
    name : str
        Such as ``"scale_and_rate"``.

    Returns
    -------
    list of (dict, History)
        All parameters of each point, and its curves.
    """
    sweep = load_results(name)
    points = []
    for point in sweep["points"]:
        parameters = sweep["parameters"] | point["parameters"]
        points.append((parameters, _history(point["records"], parameters["seeds"])))
    return points


def load_published():
    """Return the test errors of Nøkland (2016), Table 1.

    Returns
    -------
    dict of (str, str) to dict
        By network and learning rule: ``test_error``, ``spread`` and ``train_error`` (percent,
        None where it is at most 0.01), and ``known``, which says where the number was taken from.
    """
    text = (FOLDER / "nokland2016_table1.csv").read_text(encoding="utf-8")
    rows = {}
    for row in csv.DictReader(text.splitlines()):
        key = row.pop("network"), row.pop("rule")
        known = row.pop("known")
        rows[key] = {name: float(value) if value else None for name, value in row.items()}
        rows[key]["known"] = known
    return rows


def _history(records, seeds):
    """Return the curves among the records of a run."""
    curves = {q: np.array(records[f"{q}_curve"], dtype=float) for q in QUANTITIES}
    epochs = np.arange(1, len(curves["train_error"]) + 1)
    return History(tuple(seeds), epochs, **curves)


def _names_below(folder, prefix):
    """Yield the names of the JSON files below a folder."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        name = f"{prefix}/{entry.name}" if prefix else entry.name
        if entry.is_dir():
            yield from _names_below(entry, name)
        elif name.endswith(".json"):
            yield name.removesuffix(".json")
