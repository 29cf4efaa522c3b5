"""Execute one notebook with the parameters of a profile: all of it, or nothing under its name."""

import argparse
import logging
import os
import signal
import sys
import tempfile
from pathlib import Path

import jupytext
import nbclient.exceptions
import papermill
import yaml
from pair import is_edited, same_cells

from dfa_utils.sweep.kernel import ENGINE


class NotebookError(Exception):
    """The notebook must not be published; the text says why."""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="the notebook, in jupytext's percent format")
    parser.add_argument("target", type=Path, help="the executed notebook to write")
    parser.add_argument("--profile", type=Path, required=True, help="parameters by notebook")
    parser.add_argument("--cell-timeout", type=int, required=True, help="seconds")
    arguments = parser.parse_args()

    # make ends its children with this signal; as an exception it also ends the kernel.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    show_progress(arguments.source.stem)
    try:
        check_pair(arguments.source)
        parameters = read_parameters(arguments.profile, arguments.source.stem)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            leave_out_the_readers_settings(Path(folder))
            execute(arguments.source, arguments.target, parameters, arguments.cell_timeout)
    except NotebookError as error:
        sys.exit(f"{arguments.source}: {error}")


def show_progress(name):
    """Print each cell's number and output with the notebook's name: two may run at once."""

    class Formatter(logging.Formatter):
        def format(self, entry):
            lines = entry.getMessage().rstrip("-\n").replace("Executing Cell", "cell").splitlines()
            return "\n".join(f"[{name}] {line}" for line in lines)

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Formatter())
    handler.addFilter(lambda entry: "Ending Cell" not in entry.getMessage())
    logger = logging.getLogger("papermill")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)


def check_pair(source):
    """Refuse a notebook whose ``.ipynb`` has been edited: what is executed is the ``.py``."""
    pair = source.with_suffix(".ipynb")
    if is_edited(source):
        raise NotebookError(f"its pair {pair} has been edited, and that edit would be left out")
    if pair.exists() and not same_cells(source):
        print(f"{source} is newer than {pair} and is what runs; make sync writes the pair anew.")


def leave_out_the_readers_settings(folder):
    """Start kernels without the settings that a reader has made for a desk of their own.

    A profile of IPython can show every expression of a cell, a matplotlibrc change every figure,
    and another backend of Matplotlib lose them.

    Parameters
    ----------
    folder : Path
        Empty, and there as long as kernels run.
    """
    (folder / "matplotlibrc").touch()
    os.environ |= {"IPYTHONDIR": str(folder), "MATPLOTLIBRC": str(folder / "matplotlibrc")}
    os.environ.pop("MPLBACKEND", None)
    # The list of fonts is made, and a folder that cannot hold it replaced by one that can, before
    # a kernel does so and says it on a page.
    import matplotlib.font_manager

    matplotlib.get_cachedir()


def read_parameters(profile, name):
    """Return a notebook's parameters in a profile, none where the profile does not name it."""
    return (yaml.safe_load(profile.read_text(encoding="utf-8")) or {}).get(name) or {}


def execute(source, target, parameters, cell_timeout):
    """Execute a notebook into ``target``, which appears only if every cell ran without complaint.

    Parameters
    ----------
    source, target : Path
    parameters : dict
        Each must be one of the notebook's.
    cell_timeout : int
        Seconds that one cell may take.

    Raises
    ------
    NotebookError
        If a parameter is unknown, or a cell failed, took too long, ended the kernel, wrote to
        stderr or shows no picture where it names a figure. What was executed until then lies
        beside the target, as ``NAME.failed.ipynb``.
    """
    notebook = jupytext.read(source)
    known = papermill.inspect_notebook(notebook)
    if unknown := sorted(set(parameters) - set(known)):
        raise NotebookError(f"has no parameter {', '.join(unknown)}; it has {', '.join(known)}")

    running, failed = target.with_suffix(".running.ipynb"), target.with_suffix(".failed.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    failed.unlink(missing_ok=True)
    try:
        executed = papermill.execute_notebook(
            notebook,
            running,
            parameters,
            kernel_name="python3",
            engine_name=ENGINE,
            execution_timeout=cell_timeout,
            log_output=True,
            progress_bar=False,
        )
        refuse_stderr(executed)
        refuse_missing_pictures(executed)
    except KEPT as error:
        os.replace(running, failed)
        raise NotebookError(f"{reason_of(error, cell_timeout)}\nsee {failed}") from error
    finally:
        if running.exists() and sys.exc_info()[0] is not None:
            running.unlink()
    os.replace(running, target)


# After these, what has been executed is kept for reading.
KEPT = (
    NotebookError,
    papermill.exceptions.PapermillExecutionError,
    nbclient.exceptions.CellTimeoutError,
    nbclient.exceptions.DeadKernelError,
)


def reason_of(error, cell_timeout):
    """Return in words why a notebook was not executed to its end."""
    if isinstance(error, nbclient.exceptions.CellTimeoutError):
        return f"a cell took more than {cell_timeout} seconds"
    if isinstance(error, nbclient.exceptions.DeadKernelError):
        return (
            "the process that executed it has died. Most often the memory was full and the system "
            "ended it: run it with fewer seeds, a smaller train_samples or narrower layers, and "
            "one notebook at a time"
        )
    return str(error)


def refuse_stderr(executed):
    """Raise NotebookError if a cell wrote to stderr: a warning is a defect of a published page."""
    for number, cell in enumerate(executed.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "stream" and output.name == "stderr":
                raise NotebookError(f"cell {number} wrote to stderr:\n{output.text.rstrip()}")


def refuse_missing_pictures(executed):
    """Raise NotebookError if a cell that is to show a figure of the book shows no picture."""
    for number, cell in enumerate(executed.cells, start=1):
        figure = cell.metadata.get("mystnb", {}).get("figure")
        kinds = {kind for output in cell.get("outputs", ()) for kind in output.get("data", ())}
        if figure and not any(kind.startswith("image/") for kind in kinds):
            name = figure.get("name", "a figure")
            raise NotebookError(f"cell {number} is to show {name}, and has shown no picture")


if __name__ == "__main__":
    main()
