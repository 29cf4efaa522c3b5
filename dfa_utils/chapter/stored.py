"""Results of runs that are too long for a chapter, and the published ones: package data.

A cell of the paper's table may lie in several files, one for each run: that of the seeds 0, 1 and 2
has the name of the cell, the others end in their seeds, such as ``2x800_tanh_dfa_seeds_3_4``.
"""

import csv
import json
import re
from importlib import resources

import numpy as np

from dfa_utils.history import QUANTITIES, VALIDATION, History
from dfa_utils.validation import check, refuse

FOLDER = resources.files("dfa_utils") / "results"
TABLE = "paper_table"
OTHER_SEEDS = re.compile(r"_seeds(_\d+)+$")
CELL = re.compile(rf"{TABLE}/(.+)_(bp|fa|dfa|fa_released)")


def load_results(name):
    """Return the records of a stored run.

    Parameters
    ----------
    name : str
        Such as ``"paper_table/2x800_tanh_dfa"``; see `list_results`.

    Returns
    -------
    dict of str to value
        As `dfa_utils.chapter.records.read_records` reads them from an executed notebook.

    Raises
    ------
    ValueError
        If there is no such run.
    """
    file = FOLDER / f"{check('name', name)}.json"
    if not file.is_file():
        refuse("name", f"one of {', '.join(list_results())}", name)
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


def load_history(name, prefix=""):
    """Return the curves of a stored run.

    Parameters
    ----------
    name : str
        As for `load_results`. The name of a cell stands for all its seeds, however many runs they
        come from.
    prefix : str
        Of the run's records, where the notebook recorded several runs.

    Returns
    -------
    dfa_utils.history.History
        Sorted by seed where it is joined from several runs; a seed whose run was shorter than the
        longest is not-a-number after its end, as one that has stopped.

    Raises
    ------
    ValueError
        If there is no such run, or it has no curves, or runs of the same cell have a seed in
        common.
    """
    check("name", name)
    parts = [n for n in list_results() if n == name or OTHER_SEEDS.sub("", n) == name]
    histories = []
    for part in parts or [name]:
        records = load_results(part)
        try:
            seeds = records["provenance"]["parameters"]["seeds"]
            histories.append(_history(records, seeds, prefix))
        except (KeyError, TypeError):
            refuse("name", "that of a run with curves", name)
    return join_seeds(histories) if len(histories) > 1 else histories[0]


def join_seeds(histories):
    """Return one history of several that differ in their seeds.

    Parameters
    ----------
    histories : list of History
        Of the same epochs, from the first, though not equally many.

    Returns
    -------
    History
        Sorted by seed.

    Raises
    ------
    ValueError
        If they have a seed in common, or not all were measured on the same sets.
    """
    seeds = [seed for history in histories for seed in history.seeds]
    if len(set(seeds)) < len(seeds):
        refuse("seeds", "distinct in the runs of a cell", sorted(seeds))
    if len({history.quantities for history in histories}) > 1:
        refuse("histories", "measured on the same sets", [h.quantities for h in histories])
    longest = max((history.epochs for history in histories), key=len)
    order = np.argsort(seeds)
    curves = {}
    for quantity in histories[0].quantities:
        padded = np.full((len(longest), len(seeds)), np.nan)
        place = 0
        for history in histories:
            values = getattr(history, quantity)
            padded[: len(values), place : place + values.shape[1]] = values
            place += values.shape[1]
        curves[quantity] = padded[:, order]
    return History(tuple(seeds[place] for place in order), longest, **curves)


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


def load_published(name="nokland2016_table1"):
    """Return published test errors.

    Parameters
    ----------
    name : {"nokland2016_table1", "nokland2016_tables2_3"}
        Of MNIST, and of CIFAR-10 and CIFAR-100.

    Returns
    -------
    dict of (str, str) to dict
        By network and learning rule: ``test_error``, ``spread`` and ``train_error`` (percent,
        None where it is at most 0.01), and ``known`` and ``source``, which say where the numbers
        were taken from.
    """
    file = FOLDER / f"{check('name', name)}.csv"
    if not file.is_file():
        names = sorted(e.name.removesuffix(".csv") for e in FOLDER.iterdir() if ".csv" in e.name)
        refuse("name", f"one of {', '.join(names)}", name)
    text = file.read_text(encoding="utf-8")
    published = {}
    for row in csv.DictReader(text.splitlines()):
        numbers = {name: row[name] for name in ("test_error", "spread", "train_error")}
        numbers = {name: float(value) if value else None for name, value in numbers.items()}
        whence = {"known": row["known"], "source": row["source"]}
        published[row["network"], row["rule"]] = numbers | whence
    return published


def stored_cells():
    """Return the stored runs of the paper's table.

    Returns
    -------
    dict of (str, str) to History
        By network and learning rule, such as ``("2x800 tanh", "dfa")``; the rule of feedback
        alignment as in the paper's released code is ``"fa_released"``. Published cells come
        first, in the order of the table.
    """
    cells = {}
    for name in {OTHER_SEEDS.sub("", name): None for name in list_results(TABLE)}:
        if found := CELL.fullmatch(name):
            cells[found[1].replace("_", " "), found[2]] = name
    order = [*(key for key in load_published() if key in cells), *cells]
    return {key: load_history(cells[key]) for key in dict.fromkeys(order)}


def _history(records, seeds, prefix=""):
    """Return the curves among the records of a run."""
    start = f"{check('prefix', prefix)}_" if prefix else ""
    measured = [q for q in (*QUANTITIES, *VALIDATION) if f"{start}{q}_curve" in records]
    curves = {q: np.array(records[f"{start}{q}_curve"], dtype=float) for q in measured}
    return History(tuple(seeds), np.arange(1, len(curves["train_error"]) + 1), **curves)


def _names_below(folder, prefix):
    """Yield the names of the JSON files below a folder."""
    for entry in folder.iterdir() if folder.is_dir() else ():
        name = f"{prefix}/{entry.name}" if prefix else entry.name
        if entry.is_dir():
            yield from _names_below(entry, name)
        elif name.endswith(".json"):
            yield name.removesuffix(".json")
