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
import os
import uuid
from contextlib import contextmanager
from pathlib import Path

import nbformat
from filelock import FileLock, Timeout

from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.plan import plan_of

LOCK = ".lock"


def point_folder(out, name):
    """Return the folder of a point."""
    return Path(out) / "points" / name


def read_status(out, name):
    """Return how a point ended, dict, or None where it has not."""
    try:
        return read_json(point_folder(out, name) / "status.json")
    except FileNotFoundError:
        return None


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
        If no sweep has been started there.
    """
    try:
        content = read_json(Path(out) / "sweep.json")
    except FileNotFoundError:
        raise SweepError(f"{out} is not the folder of a sweep: it has no sweep.json") from None
    return plan_of(**content)


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
    if not out.exists() or (out.is_dir() and {path.name for path in out.iterdir()} <= {LOCK}):
        return
    if not (out / "sweep.json").is_file():
        raise SweepError(f"{out} holds something else than a sweep: give --out a new folder")
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
    with lock:
        yield


def write_plan(out, plan, notebook):
    """Write down what is to be done, and the notebook, for the processes that do it."""
    nbformat.write(notebook, out / "notebook.new")
    os.replace(out / "notebook.new", out / "notebook.ipynb")
    content = {"notebook": plan.notebook, "code": plan.code, "defaults": plan.defaults}
    write_json(out / "sweep.json", content | {"choices": [point.choice for point in plan.points]})


def read_json(path):
    """Return what a file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path, value):
    """Write a file whole or not at all, though others write it at the same time."""
    aside = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    aside.write_text(json.dumps(value), encoding="utf-8")
    os.replace(aside, path)
