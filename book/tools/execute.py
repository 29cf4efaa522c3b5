"""Execute one notebook with the parameters of a profile: all of it, or nothing under its name."""

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

import jupytext
import nbclient.exceptions
import papermill
import yaml


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
        parameters = read_parameters(arguments.profile, arguments.source.stem)
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
        If a parameter is unknown, or a cell failed, took too long or wrote to stderr. What was
        executed until then lies beside the target, as ``NAME.failed.ipynb``.
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
            execution_timeout=cell_timeout,
            log_output=True,
            progress_bar=False,
        )
        refuse_stderr(executed)
    except nbclient.exceptions.CellTimeoutError as error:
        os.replace(running, failed)
        reason = f"a cell took more than {cell_timeout} seconds"
        raise NotebookError(f"{reason}; see {failed}") from error
    except (papermill.exceptions.PapermillExecutionError, NotebookError) as error:
        os.replace(running, failed)
        raise NotebookError(f"{error}\nsee {failed}") from error
    finally:
        if running.exists() and sys.exc_info()[0] is not None:
            running.unlink()
    os.replace(running, target)


def refuse_stderr(executed):
    """Raise NotebookError if a cell wrote to stderr: a warning is a defect of a published page."""
    for number, cell in enumerate(executed.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "stream" and output.name == "stderr":
                raise NotebookError(f"cell {number} wrote to stderr:\n{output.text.rstrip()}")


if __name__ == "__main__":
    main()
