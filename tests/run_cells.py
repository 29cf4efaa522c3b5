"""Run the cells of a notebook in its own folder, as Colab does: without papermill, in place.

``python run_cells.py NOTEBOOK PARAMETERS``, the parameters as JSON. It runs in the environment that
is tested, and so needs nothing but what every notebook server has.
"""

import json
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

SECONDS = 900  # that one cell may take, on a machine that does other things besides


def main():
    path, parameters = Path(sys.argv[1]), json.loads(sys.argv[2])
    notebook = nbformat.read(path, as_version=4)
    tags = [cell.metadata.get("tags", ()) for cell in notebook.cells]
    place = next(number for number, found in enumerate(tags) if "parameters" in found)
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell("\n".join(lines)))
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources=folder)
    try:
        client.execute()
    finally:
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
