"""The notebooks: short, repeatable in any order, and complete where they were executed."""

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
import pytest
import yaml
from conftest import ROOT

import dfa_utils
from dfa_utils.chapter.records import read_records
from dfa_utils.validation import PARAMETERS

SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
NAMES = [path.stem for path in SOURCES]
TESTS = Path(__file__).parent
MOST_LINES, LONGEST_BLOCK = 70, 4
# Chapters of seven and of three experiments, each with a rule or a measurement of its own.
LONGER = {"paper_claims": 175, "align_then_memorise": 105}


def code_cells(notebook):
    """Return the cells that a run executes."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def is_tagged(cell, tag):
    """Tell whether a cell has a tag."""
    return tag in cell.metadata.get("tags", ())


def lines_of(cell):
    """Return a cell's lines of code, without empty ones and comments."""
    lines = (line.strip() for line in cell.source.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def bootstrap_of(source):
    """Return the code of the cell that looks for the package."""
    (cell,) = (c for c in code_cells(jupytext.read(source)) if is_tagged(c, "bootstrap"))
    return cell.source


@pytest.fixture(params=SOURCES, ids=NAMES)
def source(request):
    """The path of each notebook's source."""
    return request.param


# What holds for the sources.


def test_there_are_notebooks():
    assert NAMES


def test_a_notebook_is_short(source):
    """All code counts but the parameters: what repeats or is long belongs to the package.

    Exercises have a limit of their own, see ``test_exercises.py``.
    """
    apart = ("parameters", "exercise", "exercise-check")
    cells = [
        cell
        for cell in code_cells(jupytext.read(source))
        if not any(is_tagged(cell, tag) for tag in apart)
    ]
    assert sum(len(lines_of(cell)) for cell in cells) <= LONGER.get(source.stem, MOST_LINES)
    assert max(len(lines_of(cell)) for cell in cells if not is_tagged(cell, "bootstrap")) <= 16


def test_no_block_of_code_stands_in_two_notebooks():
    blocks = Counter()
    for source in SOURCES:
        cells = code_cells(jupytext.read(source))
        own = {
            tuple(lines[start : start + LONGEST_BLOCK + 1])
            for cell in cells
            if not is_tagged(cell, "bootstrap") and not is_tagged(cell, "parameters")
            for lines in [lines_of(cell)]
            for start in range(len(lines) - LONGEST_BLOCK)
        }
        blocks.update(own)
    assert [block for block, count in blocks.items() if count > 1] == []


def bound_names(code):
    """Return the names that the statements of a cell bind in the notebook itself."""
    names, inner = set(), (ast.FunctionDef, ast.ClassDef, ast.Lambda)
    comprehensions = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

    def visit(node):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        if isinstance(node, inner[:2]):
            names.add(node.name)
        if not isinstance(node, (*inner, *comprehensions)):
            for child in ast.iter_child_nodes(node):
                visit(child)

    visit(ast.parse(code))
    return names


def test_bound_names_are_found():
    code = "a = b, [c for c in d]\nfor e, f in g: h += 1\ndef i(j): k = 1\nimport l.m, n as o"
    assert bound_names(code) == {"a", "e", "f", "h", "i", "l", "o"}


def test_no_cell_binds_the_name_of_a_parameter(source):
    """A cell that did would change what a second run of the cells above it finds."""
    for cell in code_cells(jupytext.read(source)):
        if not is_tagged(cell, "parameters"):
            assert not bound_names(cell.source) & set(PARAMETERS), cell.source


# The first cell: the package that it finds is the one that the notebook needs.


def test_the_bootstrap_cell_is_the_same_everywhere():
    """Beside the one name that a cell of parameters may need."""
    optional = "from typing import Optional\n"
    assert len({bootstrap_of(source).replace(optional, "") for source in SOURCES}) == 1


def bootstrap_in(folder, before=""):
    """Run the bootstrap cell where a folder is searched first; pip is only asked, in words."""
    code = (
        "import sys, subprocess\n"
        f"sys.path[:] = [{str(folder)!r}, *(p for p in sys.path if {str(ROOT)!r} != p and p)]\n"
        "sys.meta_path[:] = [f for f in sys.meta_path if 'editable' not in str(f).lower()]\n"
        "subprocess.run = lambda command, check: print('asked', *command[1:])\n"
        f"{before}\nexec({bootstrap_of(SOURCES[0])!r})\nprint('found', dfa_utils.__version__)\n"
    )
    hidden = ("PYTHONPATH", "PYTHONSTARTUP")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    return done.stdout, done.stderr.strip().rpartition("\n")[2]


def test_the_package_is_found_where_it_fits():
    printed, error = bootstrap_in(ROOT)
    assert (printed, error) == (f"found {dfa_utils.__version__}\n", "")


def test_the_package_is_installed_where_it_is_missing(tmp_path):
    printed, error = bootstrap_in(tmp_path)
    url = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))["repository"]["url"]
    assert printed == f"asked -m pip install --quiet dfa_utils @ git+{url}@main\n"
    assert error == "ModuleNotFoundError: No module named 'dfa_utils'"  # as nothing installed it


@pytest.mark.parametrize("other", ["older", "newer", "without a version", "empty folder", "file"])
def test_another_package_of_the_name_is_refused_in_one_line(tmp_path, other):
    folder = tmp_path / "dfa_utils"
    versions = {"older": "__version__ = '0.1.0'", "newer": "__version__ = '0.10.3'"}
    if other == "file":
        (tmp_path / "dfa_utils.py").write_text("__version__ = '0'")
    else:
        folder.mkdir()
        if other != "empty folder":
            (folder / "__init__.py").write_text(versions.get(other, ""))
    printed, error = bootstrap_in(tmp_path)
    assert printed == ""
    assert re.fullmatch(r"ImportError: \S+ is not dfa_utils 0\.\d+: .*restart.*remove it", error)
    assert str(folder) in error


def test_a_numpy_that_was_changed_asks_for_another_start(tmp_path):
    """As where pip has replaced it after the kernel loaded it."""
    before = "import types; sys.modules['numpy'] = types.SimpleNamespace(__version__='1.26.4')"
    _, error = bootstrap_in(ROOT, before)
    assert error == "ImportError: NumPy was changed: restart the kernel, run all cells"


# Cells run again.


def parameters_of_smoke(name):
    """Return a notebook's parameters in the smallest profile."""
    return yaml.safe_load((ROOT / "book/profiles/smoke.yml").read_text("utf-8"))[name]


@pytest.mark.parametrize("name", ["frozen_first_layer", "single_run"])
def test_cells_can_be_run_again(tmp_path, name, smoke_book):
    """Each twice in a row, and then all once more from the top, beside names of the reader.

    What is recorded is what the book records, where every cell ran once.
    """
    assert smoke_book.status == "0", smoke_book.output
    source = jupytext.read(ROOT / "notebooks" / f"{name}.py")
    head, parameters, *rest = code_cells(source)
    assert is_tagged(head, "bootstrap") and is_tagged(parameters, "parameters")
    own = nbformat.v4.new_code_cell("x: int = 3\nloss_scale, tsne_samples = 2, print")
    twice = [head, head, parameters, *(cell for cell in rest for _ in range(2)), own, head, *rest]
    notebook = nbformat.v4.new_notebook(metadata=source.metadata)
    notebook.cells = [
        nbformat.v4.new_code_cell(c.source, metadata={"tags": c.metadata.get("tags", [])})
        for c in twice
    ]
    nbformat.write(notebook, tmp_path / "twice.ipynb")
    found = execute(tmp_path / "twice.ipynb", parameters_of_smoke(name))
    once = read_records(smoke_book.executed / f"{name}.ipynb")
    for records in (found, once):
        del records["seconds"], records["provenance"]["commit"]
    assert found == once


def execute(path, parameters):
    """Execute a notebook in its place; return its records."""
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", path, path]
    command += ["-y", yaml.safe_dump(parameters)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return read_records(path)


# What holds for the executed copies.


def run_nbval(root, *paths):
    """Execute notebooks again and compare the outputs; return the status and the report."""
    command = [sys.executable, "-m", "pytest", "-p", "nbval.plugin", "--nbval"]
    command += ["--nbval-current-env", "-q", "-p", "strict_nbval", "-p", "no:cacheprovider"]
    # No other plugin of this environment: loading them takes longer than some notebooks.
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    own["PYTHONPATH"] = os.pathsep.join([str(root), str(TESTS)])
    done = subprocess.run(
        [*command, "-c", os.devnull, f"--rootdir={paths[0].parent}", *paths],
        env=os.environ | own,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(params=NAMES)
def executed(request, smoke_book):
    """The path of an executed copy of each notebook."""
    assert smoke_book.status == "0", smoke_book.output
    return smoke_book.executed / f"{request.param}.ipynb"


def test_every_code_cell_was_executed_without_complaint(executed):
    cells = code_cells(nbformat.read(executed, as_version=4))
    counts = [cell.execution_count for cell in cells]
    assert counts == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert not [o for o in outputs if o.output_type == "error" or o.get("name") == "stderr"]


@pytest.mark.parametrize("part", range(4))
def test_a_second_execution_finds_the_same_outputs(part, smoke_book):
    """A quarter of the notebooks in one process: that shares its start."""
    assert smoke_book.status == "0", smoke_book.output
    paths = [smoke_book.executed / f"{name}.ipynb" for name in NAMES[part::4]]
    status, report = run_nbval(smoke_book.root, *paths)
    assert status == 0, report
    number = sum(len(code_cells(nbformat.read(path, as_version=4))) for path in paths)
    assert f"{number} passed" in report, report


def test_provenance_alone_may_differ(executed):
    ignored = [
        cell.source
        for cell in code_cells(nbformat.read(executed, as_version=4))
        if is_tagged(cell, "nbval-ignore-output") or "NBVAL" in cell.source
    ]
    assert ignored == ["chapter.provenance()"]


def test_figures_are_pictures_with_alternative_text(smoke_book, executed):
    """As a reader's browser gets them: each output picture says what one sees."""
    page = (smoke_book.html / "notebooks" / f"{executed.stem}.html").read_text(encoding="utf-8")
    pictures = re.findall(r"<img[^>]*_images/[^>]*>", page)
    assert pictures
    for picture in pictures:
        alt = re.search(r'alt="([^"]*)"', picture)
        assert alt and len(alt[1].split()) > 5 and "_images" not in alt[1], picture


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


def test_altered_pictures_are_noticed(tmp_path):
    """By the plugin of this folder: nbval alone compares no pixels, and ignores a ``;``."""
    picture = "import matplotlib.pyplot as plt\nplt.plot([1, 2]);"
    style = "from dfa_utils.figures import use_book_style\nuse_book_style()\n"
    cells = [nbformat.v4.new_code_cell(text) for text in (picture, style + picture, picture)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    path = tmp_path / "altered.ipynb"
    nbformat.write(notebook, path)
    execute(path, {})
    notebook = nbformat.read(path, as_version=4)
    pixels, vectors, _ = (cell.outputs[0].data for cell in code_cells(notebook))
    pixels["image/png"] = pixels["image/png"].replace("A", "B", 1)
    vectors["image/svg+xml"] = vectors["image/svg+xml"].replace("M ", "M 1", 1)
    nbformat.write(notebook, path)
    status, report = run_nbval(ROOT, path)
    assert status == 1 and "2 failed, 1 passed" in report, report
