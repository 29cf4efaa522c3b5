"""`make book`: what it executes, what it publishes, and what it never publishes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import tomllib
from pathlib import Path

import jupytext
import pytest
import yaml
from conftest import ROOT, Book, copy_tree

from dfa_utils.chapter.records import read_records

NOTEBOOK = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A chapter
#
# It records a number.

# %% tags=["parameters"]
number: int = 1  # what is recorded

# %%
from dfa_utils import record

record("number", number)
"""
PAGE = """\
# A book

The numbers are first-{{ first.number }}-end and second-{{ second.number }}-end, and $x^2$.
"""


def lay_out_small_book(root):
    """Write a book of one page and two small notebooks, with the project's own build."""
    for folder in ("extensions", "tools", "play", "_static", "_templates"):
        shutil.copytree(ROOT / "book" / folder, root / "book" / folder)
    for folder in ("dfa_utils", "benchmarks"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, root / folder, ignore=ignored)
    for name in ("Makefile", "pyproject.toml", "constraints.txt", "_config.yml"):
        shutil.copy2(ROOT / name, root)
    files = {
        "_toc.yml": "{format: jb-book, root: book/intro, chapters: [{file: notebooks/first}, "
        "{file: notebooks/second}]}",
        "book/intro.md": PAGE,
        "book/references.bib": "",
        "book/profiles/smoke.yml": "first: {number: 11}\nsecond: {number: 22}\n",
        "notebooks/first.py": NOTEBOOK,
        "notebooks/second.py": NOTEBOOK,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    for source in (root / "notebooks").glob("*.py"):
        jupytext.write(jupytext.read(source), source.with_suffix(".ipynb"))


@pytest.fixture
def small_book(tmp_path):
    """The small book, not yet built."""
    lay_out_small_book(tmp_path / "tree")
    return Book(tmp_path / "tree")


@pytest.fixture
def built_book(tmp_path, build_once):
    """A copy of the small book as a build has left it, time stamps included."""
    built = build_once("small-book", lay_out_small_book, "book")
    assert built.status == "0", built.output
    shutil.copytree(built.root, tmp_path / "tree")
    book = Book(tmp_path / "tree")
    assert (executed_in(built.output), shown(book)) == (["first", "second"], ["11", "22"])
    return book


def edit(book, name, old, new):
    """Replace text in a file of the book, with a time stamp that is newer than all others."""
    path = book.root / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def executed_in(output):
    """Return the notebooks that a build executed."""
    return re.findall(r"execute\.py notebooks/(\w+)\.py", output)


def shown(book):
    """Return the numbers that the published page shows."""
    page = (book.html / "book" / "intro.html").read_text(encoding="utf-8")
    return re.findall(r"(?:first|second)-(\d+)-end", page)


def test_whole_book_builds_without_a_warning(smoke_book):
    assert smoke_book.status == "0", smoke_book.output
    assert "WARNING: " not in smoke_book.output
    index = smoke_book.html / "index.html"
    assert index.is_file()
    assert smoke_book.output.rstrip().endswith(str(index))
    notebooks = {path.stem for path in (ROOT / "notebooks").glob("*.py")}
    assert set(executed_in(smoke_book.output)) == notebooks
    assert {path.stem for path in smoke_book.executed.glob("*.ipynb")} == notebooks


def test_no_page_loads_anything_from_another_host(smoke_book):
    loads = re.compile(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^>]*>")
    pages = list(smoke_book.html.rglob("*.html"))
    assert len(pages) > 5
    for page in pages:
        found = loads.findall(page.read_text(encoding="utf-8"))
        assert not [tag for tag in found if 'rel="canonical"' not in tag], page
    for sheet in smoke_book.html.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", sheet.read_text("utf-8"))


def test_only_what_changed_is_executed(built_book):
    both = ["first", "second"]
    status, output = built_book.make("book")
    assert (status, executed_in(output)) == (0, [])
    assert "jupyter-book" not in output

    edit(built_book, "book/profiles/smoke.yml", "11", "33")
    status, output = built_book.make("executed")
    assert (status, executed_in(output)) == (0, both)

    execute_nothing(built_book)
    (built_book.root / "notebooks" / "second.py").touch()
    status, output = built_book.make("executed")
    assert (status, executed_in(output)) == (0, ["second"])

    (built_book.root / "dfa_utils" / "chapter" / "records.py").touch()
    assert executed_in(built_book.make("executed")[1]) == both
    (built_book.root / "dfa_utils" / "alignment_too.py").write_text('"""A new room."""\n')
    status, output = built_book.make("executed")
    assert (status, executed_in(output)) == (0, both)

    edit(built_book, "book/intro.md", "The numbers", "These numbers")
    status, output = built_book.make("book")
    assert (status, executed_in(output)) == (0, [])
    assert "These numbers" in (built_book.html / "book" / "intro.html").read_text("utf-8")
    assert shown(built_book) == ["33", "22"]
    assert not pages_are_due(built_book)
    (built_book.root / "book" / "extra.md").write_text("# Another page\n")
    assert pages_are_due(built_book)


def put_in_place(book, tool, text):
    """Write another tool in the place of one; the change itself is no reason to run it."""
    path = book.root / "book" / "tools" / tool
    path.write_text(text)
    os.utime(path, (0, 0))


def execute_nothing(book):
    """Let make find each notebook executed as soon as it asks for that."""
    put_in_place(book, "execute.py", "import pathlib, sys\n\npathlib.Path(sys.argv[2]).touch()\n")


def pages_are_due(book):
    """Tell whether make would build the pages again; it cannot from then on."""
    put_in_place(book, "assemble.py", "raise SystemExit('not now')\n")
    return "not now" in book.make("book")[1]


def test_what_only_the_pages_show_executes_no_notebook(built_book):
    """Not the numbers and figures of the benchmark, nor its code; not the sweeps."""
    for name in (
        *("benchmarks/pictures.py", "benchmarks/headlines.py", "benchmarks/worker.py"),
        *("dfa_utils/results/benchmark.json", "dfa_utils/results/soak.json"),
        *("dfa_utils/sweep/table.py", "book/tools/diagrams.py", "book/extensions/measured.py"),
    ):
        (built_book.root / name).touch()
        status, output = built_book.make("executed")
        assert (status, executed_in(output)) == (0, []), name
    assert pages_are_due(built_book)


def test_a_changed_record_and_a_new_figure_reach_the_pages(built_book, monkeypatch):
    """Whatever the environment says: a cluster often has MPLBACKEND=Agg, which keeps no figure."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    figure = '# %% mystnb={"figure": {"caption": "A line.", "name": "fig-line"}}\n'
    figure += "import matplotlib.pyplot as plt\n\nplt.plot([1, 2]);\n"
    path = built_book.root / "notebooks" / "first.py"
    path.write_text(f"{path.read_text('utf-8')}\n{figure}", encoding="utf-8")
    jupytext.write(jupytext.read(path), path.with_suffix(".ipynb"))
    edit(built_book, "notebooks/second.py", '"number", number', '"number", 2 * number')
    status, output = built_book.make("book")
    assert status == 0, output
    page = (built_book.html / "notebooks" / "first.html").read_text("utf-8")
    assert re.search(r"<img[^>]*_images/[^>]*>", page)
    assert shown(built_book) == ["11", "44"]
    assert read_records(built_book.executed / "second.ipynb") == {"number": 44}

    edit(built_book, "notebooks/first.py", "plt.plot", "plt.close(); 1 or plt.plot")
    status, output = built_book.make("book")
    assert status != 0 and "is to show fig-line, and has shown no picture" in output


def test_verify_notices_an_output_that_is_missing(built_book):
    sometimes = "__import__('pathlib').Path('seen').touch(exist_ok=False) or print('first time')"
    line = f"if not __import__('pathlib').Path('seen').exists(): {sometimes}"
    edit(built_book, "notebooks/second.py", 'record("number"', f'{line}\nrecord("number"')
    status, output = built_book.make("verify")
    assert status != 0
    assert "The two builds differ:\nsecond cell 4: " in output, output


def test_a_failing_notebook_is_never_published(built_book):
    edit(built_book, "notebooks/first.py", '("number", number)', '("number", 77 / 0)')
    for _ in range(2):
        status, output = built_book.make("book")
        assert status != 0
        assert executed_in(output) == ["first"]
        failed = re.search(r"see (\S+\.failed\.ipynb)", output)[1]
        assert "ZeroDivisionError" in (built_book.root / failed).read_text("utf-8")
        assert shown(built_book) == ["11", "22"]  # whole, as it was before
        assert "The book is ready" not in output
    edit(built_book, "notebooks/first.py", "77 / 0", "number + 1")
    assert built_book.make("book")[0] == 0
    assert shown(built_book) == ["12", "22"]
    assert not list(built_book.executed.glob("*.failed.ipynb"))


def test_a_warning_fails_the_build_every_time(built_book):
    page = built_book.root / "book" / "intro.md"
    lines = page.read_text("utf-8").splitlines()
    mistakes = {}
    for what in ("[nowhere](x.md)", "{ref}`x`", "{{ first.x }}", '{{ "%.2f" % first.x }}'):
        lines += ["", f"New: {what}"]
        mistakes[len(lines)] = what
    page.write_text("\n".join(lines))
    for _ in range(2):  # the second time although nothing has been touched
        status, output = built_book.make("book")
        assert status != 0, output
        assert executed_in(output) == []
        warned = re.findall(r"intro\.md:(\d+): WARNING: ", output)
        assert set(map(int, warned)) == set(mistakes), output
        assert "New: " not in (built_book.html / "book" / "intro.html").read_text("utf-8")
        assert "The book is ready" not in output


def test_verify_builds_again_and_compares_every_record(built_book):
    status, output = built_book.make("verify")
    assert status == 0, output
    assert executed_in(output) == ["first", "second"]  # aside
    assert "2 records of 2 notebooks are the same to the bit." in output
    assert "4 outputs are there in both." in output
    edit(built_book, "notebooks/second.py", ", number)", ", __import__('time').time())")
    status, output = built_book.make("verify", "TOLERANCE=0.001")
    assert status != 0
    assert re.search(r"The two builds differ:\nsecond number: [\d.]+ and [\d.]+\n", output)
    status, output = built_book.make("verify", "TOLERANCE=1000")
    assert status == 0 and "the same within 1000." in output


def test_two_notebooks_run_at_once(small_book):
    waiting = """
import pathlib, time

mine, other = pathlib.Path("MINE.started"), pathlib.Path("OTHER.started")
mine.touch()
deadline = time.monotonic() + 60
while not other.exists():
    assert time.monotonic() < deadline, "alone"
    time.sleep(0.1)
"""
    for mine, other in (("first", "second"), ("second", "first")):
        path = small_book.root / "notebooks" / f"{mine}.py"
        text = NOTEBOOK + "\n# %%" + waiting.replace("MINE", mine).replace("OTHER", other)
        path.write_text(text, encoding="utf-8")
    status, output = small_book.make("-j2", "executed")
    assert status == 0, output


def test_every_notebook_uses_one_thread(small_book):
    names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"]
    question = f'[__import__("os").environ[name] for name in {names}]'
    edit(small_book, "notebooks/first.py", '"number", number', f'"number", {question}')
    target = "_build/smoke/executed/first.ipynb"
    assert small_book.make(target)[0] == 0
    assert read_records(small_book.root / target)["number"] == ["1"] * len(names)


def test_an_interrupted_build_leaves_nothing_half_done(small_book):
    sleep = "import pathlib, time\n\npathlib.Path('asleep').touch()\ntime.sleep(60)"
    edit(small_book, "notebooks/first.py", "# %%\nfrom", f"# %%\n{sleep}\n\n# %%\nfrom")
    process = small_book.start("book")
    deadline = time.monotonic() + 60
    while not list(small_book.root.rglob("asleep")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert not list(small_book.executed.glob("*"))
    assert not small_book.html.exists()


def with_programs(folder, **programs):
    """Return an environment in which small shell scripts come first."""
    folder.mkdir()
    for name, script in programs.items():
        path = folder / name.replace("_", "-").replace("python3-", "python3.")
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
    hidden = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    return kept | {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}


def make_in_tree(environment, *arguments):
    """Run make in the tree itself, on an environment elsewhere."""
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "driver, extra",
    [
        ("CUDA Version: 11.8", "torch"),
        ("CUDA Version: 12.4", "cuda12"),
        ("CUDA Version: 13.0", "cuda13"),
        ("CUDA UMD Version: 13.2", "cuda13"),
        (None, "torch"),
    ],
)
def test_the_driver_chooses_the_gpu_library(tmp_path, driver, extra):
    script = f"echo '| Driver Version: 580.1  {driver} |'" if driver else "echo no devices; exit 9"
    environment = with_programs(tmp_path / "bin", nvidia_smi=script)
    _, output = make_in_tree(environment, "-n", "book", f"VENV={tmp_path / 'venv'}")
    assert f"'.[book,{extra}]'" in output
    _, output = make_in_tree(environment, "-n", "test", f"VENV={tmp_path / 'venv'}")
    (extras,) = re.findall(r"'\.\[(.*test.*)\]'", output)
    assert len(cupys(*extras.split(","))) == 1


def cupys(*names):
    """Return what the extras of the project install that is a CuPy."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    needed, waiting = set(), list(names)
    while waiting:
        for line in project["optional-dependencies"][waiting.pop()]:
            inner = re.fullmatch(r"dfa-utils\[(\w+)\]", line)
            waiting += [inner[1]] if inner else []
            needed.add(line)
    return {line for line in needed if line.startswith("cupy")}


def test_a_machine_without_a_gpu_gets_no_cupy_for_reading_the_book():
    assert cupys("book", "torch") == cupys("book", "test", "torch") == set()


def test_another_python_gets_one_clear_line(tmp_path):
    old = 'case "$1" in -V) echo Python 3.10.9;; *) exit 1;; esac'
    programs = dict.fromkeys(["python3", "python3_13", "python3_12", "python3_11"], old)
    environment = with_programs(tmp_path / "bin", **programs)
    venv = tmp_path / "venv"
    status, output = make_in_tree(environment, "book", f"VENV={venv}", f"BUILD={tmp_path / 'b'}")
    assert status != 0
    assert "The book needs Python 3.11, 3.12 or 3.13; python3 here is Python 3.10.9." in output
    assert not venv.exists()


def test_a_broken_installation_is_taken_up_again(tmp_path):
    venv = tmp_path / "venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    python.write_text('#!/bin/sh\n[ "$1" = -c ] || { echo pip; exit 1; }\n')
    python.chmod(0o755)
    stamp = venv / ".installed-torch"
    arguments = [f"VENV={venv}", "ACCELERATOR=torch", str(stamp)]
    for _ in range(2):
        status, output = make_in_tree(dict(os.environ), *arguments)
        assert status != 0 and "pip" in output
        assert not stamp.exists()
    python.write_text("#!/bin/sh\n")
    assert make_in_tree(dict(os.environ), *arguments)[0] == 0
    assert stamp.exists()


def test_help_lists_every_command():
    targets = re.search(r"^\.PHONY: (.*) FORCE$", (ROOT / "Makefile").read_text("utf-8"), re.M)[1]
    _, output = make_in_tree(dict(os.environ), "help")
    for target in targets.split():
        assert re.search(rf"^  {target}\s+\w", output, re.M), target


def test_conda_environment_installs_the_projects_own_extras(tmp_path):
    """The pip section is installed, into an environment that sees what is installed already."""
    tree = copy_tree(tmp_path / "tree")
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    text = (ROOT / "environment.yml").read_text("utf-8")
    assert "conda install -c conda-forge cupy" in text
    (extras,) = re.findall(r"--editable \.\[([\w,]+)\]", text)
    assert cupys(*extras.split(",")) == set()  # so the one from conda is the only one
    (section,) = (e["pip"] for e in yaml.safe_load(text)["dependencies"] if isinstance(e, dict))
    (tree / "requirements.txt").write_text("\n".join(section))

    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    (site / "installed.pth").write_text(sysconfig.get_paths()["purelib"])
    python = tmp_path / "env" / "bin" / "python"
    command = [python, "-m", "pip", "install", "--no-build-isolation", "-r", "requirements.txt"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Successfully installed dfa-utils-" in done.stdout
    # Isolated: `make test` names the tree's own dfa_utils in PYTHONPATH, which -I does not read.
    where = [python, "-I", "-c", "import dfa_utils; print(dfa_utils.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert Path(found.strip()).is_relative_to(tree)
