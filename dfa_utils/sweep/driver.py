"""The driver: hands the points that are missing to the workers and keeps the books."""

import uuid
from pathlib import Path
from typing import NamedTuple

from distributed import KilledWorker, as_completed

from dfa_utils.sweep.cluster import connect
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.execution import check_worker, run_point, unfinished
from dfa_utils.sweep.plan import make_plan, read_notebook
from dfa_utils.sweep.progress import Progress
from dfa_utils.sweep.store import (
    check_folder,
    count_others,
    locked,
    point_folder,
    read_status,
    write_json,
    write_plan,
)
from dfa_utils.sweep.table import write_table

# How many executions must have ended with their worker before a point is given up.
DEATHS = 2


class Outcome(NamedTuple):
    """How many points are done, and how many have failed.

    Parameters
    ----------
    done, failed : int
    """

    done: int
    failed: int


def run_sweep(notebook, blocks, out, *, scheduler=None, workers=None, report=print):
    """Execute a notebook at every point of a grid that is not yet done, and write the table.

    Parameters
    ----------
    notebook : str or path-like
        Its ``.py`` or ``.ipynb`` form, or the path of both without the ending.
    blocks : list of dict of str to list
        Each stands for the product of its lists.
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
        write_plan(out, plan, source)
        missing = missing_points(out, plan)
        report(f"{len(plan.points)} points, {len(plan.points) - len(missing)} of them done before")
        if others := count_others(out, plan):
            report(f"{others} more lie here, computed by other code: they do not count")
        try:
            if missing:
                with connect(scheduler, workers, len(missing)) as client:
                    _run(client, out, plan, missing, report)
        finally:
            write_table(out)
    states = [(read_status(out, point.name) or {}).get("state") for point in plan.points]
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
    path, out = Path(notebook), Path(out).resolve()
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
    statuses = ((point, read_status(out, point.name)) for point in plan.points)
    return [point for point, status in statuses if not status or status["state"] != "done"]


def _run(client, out, plan, missing, report):
    """Run points on a cluster; return when all have ended."""
    report(f"dashboard: {client.dashboard_link}")
    client.run(check_worker, str(out), plan.code)  # those that are there now
    for left in (path for point in missing for path in unfinished(out, point.name)):
        left.unlink(missing_ok=True)  # of a driver that was stopped
    varied, progress = plan.varied, Progress(len(missing), report)
    points = {
        _submit(client, out, plan, point, -place): point for place, point in enumerate(missing)
    }
    ended = as_completed(list(points), with_results=True, raise_errors=False)
    for future, result in ended:
        point = points.pop(future)
        if future.status == "error":
            error = future.exception()
            if not isinstance(error, KilledWorker):
                raise error
            if len(unfinished(out, point.name)) < DEATHS:
                # Dask blames all that a dead worker had been given; this one did not run there.
                again = _submit(client, out, plan, point, 0)
                points[again] = point
                ended.add(again)
                continue
            result = _give_up(out, point)
        elif future.status != "finished":
            raise SweepError("the scheduler is gone: what is finished stays, start the sweep again")
        progress.ended(plan.label(point, varied), result)


def _submit(client, out, plan, point, priority):
    """Hand a point to the cluster; return its future."""
    # Under keys of one kind dask keeps what it cannot start yet, in the order of priority.
    key = ("point", point.name, uuid.uuid4().hex)
    arguments = (str(out), point.name, point.choice, plan.code)
    return client.submit(run_point, *arguments, key=key, priority=priority)


def _give_up(out, point):
    """Record a point in whose execution one worker after the other has died."""
    message = "every worker that ran it died; its memory may not suffice"
    status = {"state": "failed", "error": message, "seconds": None, "choice": point.choice}
    write_json(point_folder(out, point.name) / "status.json", status)
    return status
