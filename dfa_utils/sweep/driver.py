"""The driver: hands the points that are missing to the workers and keeps the books."""

import uuid
from collections import Counter
from typing import NamedTuple

from distributed import KilledWorker, as_completed

from dfa_utils.sweep.cluster import connect, report_cluster
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.execution import DEATHS, check_worker, run_point, unfinished
from dfa_utils.sweep.folder import (
    check_folder,
    count_others,
    damaged_points,
    locked,
    point_folder,
    read_json,
    read_point,
    sweep_folder,
    write_json,
    write_plan,
)
from dfa_utils.sweep.notebook import find_notebook, read_notebook
from dfa_utils.sweep.points import make_plan
from dfa_utils.sweep.report import Countdown, say
from dfa_utils.sweep.table import write_table

# How often a point is handed out, though all who were given it died before one began with it.
HANDED_OUT = 5


class Outcome(NamedTuple):
    """How many points are done, and how many have failed.

    Parameters
    ----------
    done, failed : int
    """

    done: int
    failed: int


def run_sweep(notebook, blocks, out, *, scheduler=None, workers=None, report=say):
    """Execute a notebook at every point of a grid that is not yet done, and write the table.

    Parameters
    ----------
    notebook : str or path-like
        Its ``.py`` or ``.ipynb`` form, or the path of both without the ending.
    blocks : list of dict of str to list
        Each stands for the product of its lists; NumPy's arrays will do too.
    out : str or path-like
        The folder of the sweep; started again with it, a sweep does what is missing.
    scheduler, workers : str, int, optional
        See `dfa_utils.sweep.cluster.connect`.
    report : callable
        Takes a line of progress.

    Returns
    -------
    Outcome

    Raises
    ------
    SweepError
        Before any work, if the grid, the notebook and the folder do not fit one another; later
        if a worker turns out to be unfit, or the scheduler is gone.
    """
    source, plan, out = prepare(notebook, blocks, out)
    with locked(out):
        if (out / "sweep.json").exists() and read_json(out / "sweep.json") is None:
            report(f"{out / 'sweep.json'} was empty or cut: it is written anew")
        write_plan(out, plan, source)
        missing = missing_points(out, plan)
        report(f"{len(plan.points)} points, {len(plan.points) - len(missing)} of them done before")
        if others := count_others(out, plan):
            report(f"{others} more lie here, computed by other code: they do not count")
        if damaged := damaged_points(out, missing):
            names = ", ".join(point.name for point in damaged)
            report(f"{len(damaged)} left files that are empty or cut, and are done again: {names}")
        try:
            if missing:
                with connect(scheduler, workers, len(missing)) as client:
                    _run(client, out, plan, missing, report)
        finally:
            write_table(out)
    states = [(read_point(out, point.name)[0] or {}).get("state") for point in plan.points]
    return Outcome(states.count("done"), states.count("failed"))


def prepare(notebook, blocks, out):
    """Read the notebook, plan, and check the folder: all that can go wrong before any work.

    Parameters
    ----------
    notebook, out : str or path-like
        As in `run_sweep`.
    blocks : list of dict of str to list
        Each stands for the product of its lists.

    Returns
    -------
    notebook : nbformat.NotebookNode
    plan : Plan
    out : Path
        Absolute: it must mean the same to every worker.
    """
    path, out = find_notebook(notebook), sweep_folder(out).resolve()
    source = read_notebook(path)
    plan = make_plan(source, path.stem, blocks)
    check_folder(out, plan)
    return source, plan, out


def missing_points(out, plan):
    """Return the points that are not done, those that have failed among them.

    Parameters
    ----------
    out : Path
    plan : Plan

    Returns
    -------
    list of Point
    """
    statuses = ((point, read_point(out, point.name)[0]) for point in plan.points)
    return [point for point, status in statuses if not status or status["state"] != "done"]


def _run(client, out, plan, missing, report):
    """Run points on a cluster; return when all have ended."""
    report_cluster(client, report)
    client.run(check_worker, str(out), plan.code)  # those that are there now
    for left in (path for point in missing for path in unfinished(out, point.name)):
        left.unlink(missing_ok=True)  # of a driver that was stopped
    varied, countdown, handed_out = plan.varied, Countdown(len(missing), report), Counter()
    points = {
        _submit(client, out, plan, point, -place): point for place, point in enumerate(missing)
    }
    ended = as_completed(list(points), with_results=True, raise_errors=False)
    for future, result in ended:
        point = points.pop(future)
        if future.status == "error":
            _go_on_only_if_killed(future.exception())
            # Dask blames all that a dead worker had been given, also what did not run there.
            executed, handed_out[point.name] = (
                len(unfinished(out, point.name)),
                handed_out[point.name] + 1,
            )
            if executed < DEATHS and handed_out[point.name] < HANDED_OUT:
                again = _submit(client, out, plan, point, 0)
                points[again] = point
                ended.add(again)
                continue
            result = _give_up(out, point, executed)
        elif future.status != "finished":
            raise SweepError("the scheduler is gone: what is finished stays, start the sweep again")
        countdown.ended(plan.label(point, varied), result)


def _go_on_only_if_killed(error):
    """Raise what a worker has raised, but for the news of its death."""
    if isinstance(error, SweepError | OSError):
        raise error
    if not isinstance(error, KilledWorker):
        raise SweepError(f"a worker cannot run points: {type(error).__name__}: {error}") from error


def _submit(client, out, plan, point, priority):
    """Hand a point to the cluster; return its future."""
    # Under keys of one kind dask keeps what it cannot start yet, in the order of priority.
    key = ("point", point.name, uuid.uuid4().hex)
    arguments = (str(out), point.name, point.choice, plan.code)
    return client.submit(run_point, *arguments, key=key, priority=priority)


def _give_up(out, point, executed):
    """Record a point around which one worker after the other has died."""
    when = "that ran it died" if executed >= DEATHS else "that was given it died before it began"
    status = {"state": "failed", "error": f"every worker {when}; its memory may not suffice"}
    status |= {"seconds": None, "choice": point.choice}
    folder = point_folder(out, point.name)
    folder.mkdir(parents=True, exist_ok=True)  # it may never have been begun
    write_json(folder / "status.json", status)
    return status
