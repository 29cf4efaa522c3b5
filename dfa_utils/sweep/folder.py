"""The folder of a sweep: what was asked for, and a folder for each point.

::

    sweep.json            the plan
    notebook.ipynb        what is executed
    points/NAME/          one for each point:
        status.json       written last: done or failed, error, seconds, host, choice
        records.json      the records, once it is done
        notebook.ipynb    executed; failed.ipynb where a cell failed
        checkpoints/      of a point that is not done
    table.csv, ...        see dfa_utils.sweep.table
"""

import json
from contextlib import contextmanager
from pathlib import Path

import nbformat
from filelock import FileLock, Timeout

from dfa_utils.data.files import write_whole
from dfa_utils.sweep.errors import SweepError, refusals
from dfa_utils.sweep.points import plan_of
from dfa_utils.validation import check_path

LOCK = ".lock"


def sweep_folder(out):
    """Return the folder of a sweep as a path, ``~`` being the home folder."""
    with refusals():
        return check_path("out", out)


def point_folder(out, name):
    """Return the folder of a point."""
    return Path(out) / "points" / name


def read_point(out, name):
    """Return how a point ended, and what it has recorded.

    Parameters
    ----------
    out : str or path-like
    name : str

    Returns
    -------
    status : dict or None
        None where it has not ended, or where what it left is not whole: then it is to be done.
    records : dict
        Empty unless it is done.
    """
    folder = point_folder(out, name)
    status = read_json(folder / "status.json") or {}
    if status.get("state") == "failed":
        return status, {}
    records = read_json(folder / "records.json") if status.get("state") == "done" else None
    return (None, {}) if records is None else (status, records)


def damaged_points(out, points):
    """Return those of the points that have a status and yet are to be done, list of Point."""
    return [
        point
        for point in points
        if (point_folder(out, point.name) / "status.json").exists()
        and read_point(out, point.name)[0] is None
    ]


def read_plan(out):
    """Return the plan of the sweep in a folder.

    Parameters
    ----------
    out : str or path-like

    Returns
    -------
    Plan

    Raises
    ------
    SweepError
        If no sweep has been started there, or the file that tells of it is not whole.
    """
    path = sweep_folder(out) / "sweep.json"
    if not path.is_file():
        raise SweepError(f"{out} is not the folder of a sweep: it has no sweep.json")
    try:
        return plan_of(**read_json(path))
    except (TypeError, AttributeError):  # there is nothing in it, or something else
        raise SweepError(f"{path} is damaged: start the sweep again to have it written") from None


def check_folder(out, plan):
    """Refuse a folder that holds anything but the beginnings of this sweep.

    Parameters
    ----------
    out : Path
    plan : Plan
        It may have more points than the plan of before, and other code; it must not have fewer,
        nor another notebook.

    Raises
    ------
    SweepError
    """
    if not out.exists():
        return
    names = {path.name for path in out.iterdir()} if out.is_dir() else {out.name}
    if "sweep.json" not in names:
        # Of a sweep whose beginning broke off there can be the lock and the notebook.
        if names <= {LOCK} or (LOCK in names and names <= {LOCK, "notebook.ipynb"}):
            return
        raise SweepError(f"{out} holds something else than a sweep: give --out a new folder")
    if read_json(out / "sweep.json") is None:
        return  # damaged: it is written anew, and points are known by their names
    before = read_plan(out)
    if before.notebook != plan.notebook:
        raise SweepError(
            f"{out} holds a sweep of {before.notebook}, not of {plan.notebook}: "
            "give --out another folder"
        )
    asked = {json.dumps(point.parameters, sort_keys=True) for point in plan.points}
    for point in before.points:
        # A parameter that the notebook did not have then had what is now its default.
        parameters = plan.defaults | point.parameters
        if json.dumps(parameters, sort_keys=True) not in asked:
            raise SweepError(
                f"{out} holds another sweep: its point {json.dumps(point.choice)} is not in this "
                "grid. A grid may grow in its folder; for another one give --out another folder"
            )


def count_others(out, plan):
    """Return how many points lie in the folder that are not of this plan."""
    folder = out / "points"
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    return len(names - {point.name for point in plan.points})


@contextmanager
def locked(out):
    """Keep a second driver out of the folder for as long as this one lives."""
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SweepError(f"another dfa-sweep is at work in {out}") from None
    except NotImplementedError:
        raise SweepError(f"the file system of {out} has no locks: give --out another one") from None
    with lock:
        yield


def write_plan(out, plan, notebook):
    """Write down what is to be done, and the notebook, for the processes that do it."""
    content = {"notebook": plan.notebook, "code": plan.code, "defaults": plan.defaults}
    write_json(out / "sweep.json", content | {"choices": [point.choice for point in plan.points]})
    write_whole(out / "notebook.ipynb", nbformat.writes(notebook).encode())


def read_json(path):
    """Return the dict that a file holds, or None where there is none, or not a whole one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def write_json(path, value):
    """Write a file whole or not at all, though others write it at the same time."""
    write_whole(path, json.dumps(value).encode())
