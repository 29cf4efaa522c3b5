"""The driver: hands the points that are missing to the workers and keeps the books."""

from pathlib import Path
from typing import NamedTuple

from distributed import KilledWorker, as_completed

from dfa_utils.sweep.cluster import connect
from dfa_utils.sweep.execution import check_worker, run_point
from dfa_utils.sweep.plan import make_plan, read_notebook
from dfa_utils.sweep.progress import Progress
from dfa_utils.sweep.store import (
    check_folder,
    locked,
    point_folder,
    read_status,
    write_json,
    write_plan,
)
from dfa_utils.sweep.table import write_table


class Outcome(NamedTuple):
    """How many points are done, and how many have failed."""

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
        if a worker turns out to be unfit.
    """
    source, plan, out = prepare(notebook, blocks, out)
    with locked(out):
        write_plan(out, plan, source)
        missing = missing_points(out, plan)
        report(f"{len(plan.points)} points, {len(plan.points) - len(missing)} of them done before")
        try:
            if missing:
                with connect(scheduler, workers) as client:
                    _run(client, out, plan, missing, report)
        finally:
            write_table(out)
    states = [(read_status(out, point.name) or {}).get("state") for point in plan.points]
    return Outcome(states.count("done"), states.count("failed"))


def prepare(notebook, blocks, out):
    """Read the notebook, plan, and check the folder: all that can go wrong before any work.

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
    """Return the points that are not done, those that have failed among them, list of Point."""
    statuses = ((point, read_status(out, point.name)) for point in plan.points)
    return [point for point, status in statuses if not status or status["state"] != "done"]


def _run(client, out, plan, missing, report):
    """Run points on a cluster; return when all have ended."""
    report(f"dashboard: {client.dashboard_link}")
    client.run(check_worker, str(out), plan.code)  # those that are there now
    points, varied = {}, plan.varied
    progress = Progress(len(missing), report)
    for place, point in enumerate(missing):
        key = ("point", point.name)  # keys of one kind are handed out in the order of priority
        arguments = (str(out), point.name, point.choice, plan.code)
        points[client.submit(run_point, *arguments, key=key, priority=-place)] = point
    for future, result in as_completed(list(points), with_results=True, raise_errors=False):
        point = points.pop(future)
        if future.status == "error":
            result = _status_of_error(out, point, future.exception())
        progress.ended(plan.label(point, varied), result)


def _status_of_error(out, point, error):
    """Record a point whose workers died; anything else is no fault of the point."""
    if not isinstance(error, KilledWorker):
        raise error
    message = "every worker that ran it died; its memory may not suffice"
    status = {"state": "failed", "error": message, "seconds": None, "choice": point.choice}
    point_folder(out, point.name).mkdir(parents=True, exist_ok=True)
    write_json(point_folder(out, point.name) / "status.json", status)
    return status
