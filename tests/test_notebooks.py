"""The executed notebooks: complete, repeatable, and checked by something that can fail."""

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NAMES = sorted(path.stem for path in Path("notebooks").resolve().glob("*.py"))
TESTS = Path(__file__).parent


def code_cells(notebook):
    """Return the cells that a run executes."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def run_nbval(path, root, *options):
    """Execute a notebook again and compare the outputs; return the status and the report."""
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q"]
    command += ["-p", "strict_nbval", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", os.devnull]
    done = subprocess.run(
        [*command, f"--rootdir={path.parent}", *options, path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(TESTS)])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout + done.stderr


def write_notebook(path, *sources):
    """Write and execute a small notebook."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(notebook, path)
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", path, path]
    subprocess.run(command, check=True, capture_output=True)
    return nbformat.read(path, as_version=4)


@pytest.fixture(params=NAMES)
def executed(request, smoke_book):
    """The path of an executed copy of each notebook."""
    assert smoke_book.status == "0", smoke_book.output
    return smoke_book.executed / f"{request.param}.ipynb"


def test_there_are_notebooks():
    assert NAMES


def test_every_code_cell_was_executed_without_complaint(executed):
    cells = code_cells(nbformat.read(executed, as_version=4))
    counts = [cell.execution_count for cell in cells]
    assert counts == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]


def test_a_second_execution_finds_the_same_outputs(executed, smoke_book):
    status, report = run_nbval(executed, smoke_book.root)
    assert status == 0, report
    number = len(code_cells(nbformat.read(executed, as_version=4)))
    assert f"{number} passed" in report, report


def test_provenance_alone_may_differ(executed):
    ignored = [
        cell.source
        for cell in code_cells(nbformat.read(executed, as_version=4))
        if "nbval-ignore-output" in cell.metadata.get("tags", ()) or "NBVAL" in cell.source
    ]
    assert len(ignored) == 1
    assert ignored[0].startswith("show_provenance(")


def test_figures_are_pictures_with_alternative_text(smoke_book, executed):
    """As a reader's browser gets them: each output picture says what one sees."""
    page = (smoke_book.html / "notebooks" / f"{executed.stem}.html").read_text(encoding="utf-8")
    pictures = re.findall(r"<img[^>]*_images/[^>]*>", page)
    assert pictures
    for picture in pictures:
        alt = re.search(r'alt="([^"]*)"', picture)
        assert alt and len(alt[1].split()) > 5 and "_images" not in alt[1], picture


PICTURE = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
VECTORS = "from dfa_utils.plots import use_book_style\nuse_book_style()\n" + PICTURE


def test_figures_are_vectors_without_a_date(executed):
    """Sharp on any screen; dates and the like would differ from run to run."""
    outputs = [
        o for cell in code_cells(nbformat.read(executed, as_version=4)) for o in cell.outputs
    ]
    pictures = [data for o in outputs for data in o.get("data", {}).items() if "image" in data[0]]
    assert pictures
    for kind, picture in pictures:
        assert kind == "image/svg+xml"
        assert "dc:date" not in picture and "Matplotlib v" not in picture
        assert len(picture) < 1_000_000


def test_nbval_accepts_what_repeats(tmp_path):
    write_notebook(tmp_path / "same.ipynb", "print(1)", "2", PICTURE, VECTORS)
    status, report = run_nbval(tmp_path / "same.ipynb", TESTS.parent)
    assert status == 0 and "4 passed" in report, report


@pytest.mark.parametrize("altered", ["stream", "result", "picture", "vectors"])
def test_nbval_notices_one_altered_output(tmp_path, altered):
    path = tmp_path / "altered.ipynb"
    notebook = write_notebook(path, "print(1)", "2", PICTURE, VECTORS)
    printed, result, picture, vectors = (cell.outputs[0] for cell in code_cells(notebook))
    before = copy.deepcopy(notebook)
    if altered == "stream":
        printed.text = "3\n"
    elif altered == "result":
        result.data["text/plain"] = "3"
    elif altered == "vectors":
        vectors.data["image/svg+xml"] = vectors.data["image/svg+xml"].replace("M ", "M 1", 1)
    else:
        picture.data["image/png"] = picture.data["image/png"].replace("A", "B", 1)
    assert notebook != before
    nbformat.write(notebook, path)
    status, report = run_nbval(path, TESTS.parent)
    assert status == 1 and "1 failed, 3 passed" in report, report


def test_nbval_fails_a_cell_that_takes_too_long(tmp_path):
    path = tmp_path / "slow.ipynb"
    write_notebook(path, "import time", "time.sleep(3)")
    status, report = run_nbval(path, tmp_path, "--nbval-cell-timeout=1")
    assert status == 1 and "Timeout of 1 seconds exceeded" in report, report
