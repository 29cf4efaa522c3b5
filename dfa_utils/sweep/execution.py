"""One point, in the process of a worker."""

import os
import shutil
import socket
import sysconfig
import time
import uuid
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError

import dfa_utils
from dfa_utils.chapter.code import digest_of_notebook
from dfa_utils.chapter.records import read_records
from dfa_utils.data.files import write_whole
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.folder import point_folder, read_point, write_json
from dfa_utils.sweep.kernel import ENGINE

# One thread for each process: parallelism is across points, and sums round the same in every run.
THREADS = ("OPENBLAS_NUM", "OMP_NUM", "MKL_NUM", "BLIS_NUM", "VECLIB_MAXIMUM")
ONE_THREAD = {f"{library}_THREADS": "1" for library in THREADS}

# How many executions of a point must have been killed, with their worker or alone, to give it up.
DEATHS = 2


def run_point(out, name, choice, code):
    """Execute the notebook at a point and leave what came of it in the point's folder.

    Parameters
    ----------
    out : str
        The folder of the sweep, by a path that is the same for all workers.
    name : str
    choice : dict
        The parameters that differ from the notebook's own.
    code : str
        What `dfa_utils.chapter.code.digest_of_notebook` must find here.

    Returns
    -------
    dict
        As in ``status.json``; a notebook that fails is told there, not raised.

    Raises
    ------
    SweepError
        If this worker is not fit to run any point.
    """
    notebook = check_worker(out, code)
    status, _ = read_point(out, name)
    if status and status["state"] == "done":  # by a worker that was taken for dead
        return status
    started = time.perf_counter()
    folder = point_folder(out, name)
    folder.mkdir(parents=True, exist_ok=True)
    status = {"state": "done", "error": None, "host": socket.gethostname(), "choice": choice}
    if "checkpoint_dir" in papermill.inspect_notebook(notebook):
        choice = choice | {"checkpoint_dir": str(folder / "checkpoints")}
    running, error = _execute_alive(notebook, out, name, choice)
    if error:
        status |= {"state": "failed", "error": error}
    _keep(out, name, running, status["state"])
    status["seconds"] = round(time.perf_counter() - started, 2)
    write_json(folder / "status.json", status)
    return status


def unfinished(out, name):
    """Return the files of executions of a point that began and have not ended, list of Path."""
    return list(point_folder(out, name).glob("running-*.ipynb"))


def check_worker(out, code):
    """Refuse a process that does not see the sweep's folder, or has other code than the driver.

    Parameters
    ----------
    out : str
        The folder of the sweep.
    code : str
        As in `run_point`.

    Returns
    -------
    nbformat.NotebookNode
        The notebook of the sweep.

    Raises
    ------
    SweepError
    """
    path, host = Path(out) / "notebook.ipynb", socket.gethostname()
    if not path.is_file():
        raise SweepError(f"{host} sees no {path}: the folder must be one that all workers share")
    notebook = nbformat.read(path, as_version=4)
    if digest_of_notebook(notebook) != code:
        package = Path(dfa_utils.__file__).parent
        raise SweepError(f"the numerical code of {package} on {host} is not that of the driver")
    return notebook


def execute(notebook, folder, target, parameters):
    """Execute a notebook with papermill, on one thread.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    folder, target : Path
        The folder in which it runs, and the executed notebook to write.
    parameters : dict
    """
    os.environ |= ONE_THREAD
    # Dask's nanny has a worker give freed memory back at once. The notebook would inherit that, and
    # spend a quarter of its time on asking for the memory of the next mini-batch.
    os.environ.pop("MALLOC_TRIM_THRESHOLD_", None)
    home = str(Path(dfa_utils.__file__).parents[1])
    if home != sysconfig.get_path("purelib"):
        # A checkout: the notebook's process finds the code that has been checked.
        others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        rest = [path for path in others if path and path != home]
        os.environ["PYTHONPATH"] = os.pathsep.join([home, *rest])
    papermill.execute_notebook(
        notebook,
        target,
        parameters,
        kernel_name="python3",
        engine_name=ENGINE,
        progress_bar=False,
        cwd=folder,
    )


def _execute_alive(notebook, out, name, choice):
    """Execute a notebook, again if its process is killed; return its file and what went wrong."""
    while True:
        running = point_folder(out, name) / f"running-{uuid.uuid4().hex}.ipynb"
        running.touch()  # stays where this process, or the notebook's, dies: see `unfinished`
        try:
            execute(notebook, Path(out), running, choice)
            return running, None
        except DeadKernelError:
            if len(unfinished(out, name)) >= DEATHS:
                return running, "its process was killed each time; its memory may not suffice"
        except Exception as error:  # whatever a notebook can raise is this point's own affair
            return running, _in_one_line(error)


def _keep(out, name, running, state):
    """Give the executed notebook its name, and leave nothing of earlier attempts."""
    folder = point_folder(out, name)
    if content := running.read_bytes():
        write_whole(folder / ("notebook.ipynb" if state == "done" else "failed.ipynb"), content)
    if state == "done":
        write_json(folder / "records.json", read_records(folder / "notebook.ipynb"))
        (folder / "failed.ipynb").unlink(missing_ok=True)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    for left in unfinished(out, name):
        left.unlink(missing_ok=True)


def _in_one_line(error):
    """Return what an error says, as a traceback ends."""
    if isinstance(error, papermill.PapermillExecutionError):
        return f"{error.ename}: {error.evalue}"
    return f"{type(error).__name__}: {error}"
