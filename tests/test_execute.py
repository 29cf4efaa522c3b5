"""The build's own command for one notebook: what is wrong with a notebook keeps it out."""

import json
import os
import subprocess
import sys

import jupytext
import nbformat
import pytest
from conftest import ROOT, book_tool

HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% tags=["parameters"]
size: int = 1  # of nothing
"""


@pytest.fixture
def attempt(tmp_path):
    """Return a function that executes a notebook of one cell: the process, the target."""

    def run(cell, profile="", cell_timeout=100, **environment):
        source, target = tmp_path / "trial.py", tmp_path / "out" / "trial.ipynb"
        source.write_text(f"{HEADER}\n# %%\n{cell}\n")
        (tmp_path / "profile.yml").write_text(profile)
        command = [sys.executable, ROOT / "book/tools/execute.py", source, target]
        command += ["--profile", tmp_path / "profile.yml", "--cell-timeout", str(cell_timeout)]
        settings = os.environ | {"PYTHONPATH": str(ROOT)} | environment
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=settings)
        return done, target

    return run


def outputs(target, cell=-1):
    """Return the outputs of a cell, by default the last."""
    return nbformat.read(target, 4).cells[cell].outputs


def test_a_good_notebook_is_written_with_its_parameters_and_a_bad_run_leaves_it(attempt):
    done, target = attempt("print(size)", profile="trial: {size: 7}")
    assert done.returncode == 0, done.stderr
    assert outputs(target)[0].text == "7\n"
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    before = target.read_bytes()
    done, _ = attempt("print(1 / 0)")
    assert done.returncode == 1
    assert target.read_bytes() == before


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import sys; print('careful', file=sys.stderr)", "wrote to stderr:\ncareful"),
        ("import warnings; warnings.warn('old')", "wrote to stderr"),
        ("import time; time.sleep(60)", "a cell took more than 3 seconds"),
    ],
    ids=["error", "stderr", "warning", "time-out"],
)
def test_a_bad_notebook_is_put_aside(attempt, cell, message):
    done, target = attempt(cell, cell_timeout=3)
    assert done.returncode == 1
    assert message in done.stderr
    failed = target.with_suffix(".failed.ipynb")
    assert [path.name for path in target.parent.iterdir()] == [failed.name]
    assert str(failed) in done.stderr


def test_an_unknown_parameter_is_refused(attempt):
    done, target = attempt("pass", profile="trial: {sise: 7}")
    assert done.returncode == 1
    assert "has no parameter sise; it has size" in done.stderr
    assert not target.exists()


FIGURE = """1
# %% mystnb={"figure": {"name": "fig-line"}}
import matplotlib.pyplot as plt

plt.plot([1, 2]);"""


def test_a_notebook_of_the_book_chooses_its_backend_itself(attempt):
    """Where no build does it, as under papermill on a cluster."""
    cell = (
        "import matplotlib\n\nmatplotlib.use('Agg')\nfrom dfa_utils.figures import use_book_style"
    )
    done, target = attempt(f"{cell}\n\nuse_book_style()\n\n# %%\n{FIGURE}")
    assert done.returncode == 0, done.stderr
    assert "image/svg+xml" in outputs(target)[0].data


def test_a_figure_without_a_picture_is_refused(attempt):
    done, _ = attempt(FIGURE.replace("plt.plot([1, 2]);", "None"))
    assert done.returncode == 1
    assert "cell 3 is to show fig-line, and has shown no picture" in done.stderr


@pytest.mark.parametrize("configuration", ["new", "unusable"])
def test_what_matplotlib_says_of_its_folder_is_not_on_the_page(attempt, tmp_path, configuration):
    """Where there is no list of fonts yet, and where there can be none."""
    place = tmp_path / "matplotlib"
    if configuration == "unusable":
        place.touch()
    done, target = attempt(FIGURE, MPLCONFIGDIR=str(place))
    assert done.returncode == 0, done.stderr
    assert "image/png" in outputs(target)[0].data


# After the answer to the question that papermill asks last, the kernel has something left to do.
LATE = """\
import time

kernel = get_ipython().kernel
answer = kernel.shell_handlers["kernel_info_request"]

async def answer_and_tidy(*request):
    await answer(*request)
    time.sleep(1)

kernel.shell_handlers["kernel_info_request"] = answer_and_tidy
"""


def test_the_end_of_a_kernel_that_is_still_at_work_is_no_error(attempt):
    done, target = attempt(LATE)
    assert done.returncode == 0 and target.exists()
    assert "KeyboardInterrupt" not in done.stderr


def test_what_others_write_to_the_terminal_is_no_fault_of_the_notebook(attempt):
    cell = "import os, subprocess\n\n_ = os.write(2, b'from C')\n"
    cell += "_ = subprocess.run(['sh', '-c', 'echo from a child >&2'])"
    done, target = attempt(cell)
    assert done.returncode == 0, done.stderr
    assert outputs(target) == []
    assert "from C" in done.stderr and "from a child" in done.stderr


def test_kernels_and_settings_of_the_readers_own_change_nothing(attempt, tmp_path):
    """Neither another python3, nor IPython's and Matplotlib's settings, nor a backend."""
    kernel = tmp_path / "share" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    foreign = {"argv": ["/bin/false"], "display_name": "Another", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(foreign))
    profile = tmp_path / "ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "ipython_config.py").write_text(
        "get_config().InteractiveShell.ast_node_interactivity = 'all'\n"
    )
    (profile / "startup" / "mine.py").write_text("size = 5\n")
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 17\n")
    cell = "1\n2\nimport sys\nimport matplotlib\n"
    cell += "print(sys.executable, matplotlib.rcParams['lines.linewidth'])"
    done, target = attempt(
        f"{cell}\n\n# %%\n{FIGURE}",
        JUPYTER_PATH=str(tmp_path / "share"),
        IPYTHONDIR=str(profile.parent),
        MATPLOTLIBRC=str(tmp_path / "matplotlibrc"),
        MPLBACKEND="Agg",
    )
    assert done.returncode == 0, done.stderr
    (printed,) = outputs(target, cell=-3)
    assert printed.text == f"{sys.executable} 1.5\n"
    assert "image/png" in outputs(target)[0].data


def test_a_killed_kernel_is_told_from_a_mistake_and_what_ran_is_kept(attempt):
    kill = "import os, signal\n\nos.kill(os.getpid(), signal.SIGKILL)"
    done, target = attempt(f"print('before')\n\n# %%\n{kill}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "has died. Most often the memory was full" in done.stderr
    failed = target.with_suffix(".failed.ipynb")
    assert [path.name for path in target.parent.iterdir()] == [failed.name]
    assert "before" in failed.read_text("utf-8")


def write_pair(source):
    """Write the ``.ipynb`` as `make sync` does; return its path."""
    book_tool("pair").write_pair(source)
    return source.with_suffix(".ipynb")


@pytest.fixture
def pair(tmp_path):
    """A notebook in both forms."""
    source = tmp_path / "trial.py"
    source.write_text(f"{HEADER}\n# %%\nprint(size)\n")
    return source, write_pair(source)


def edit_cell(path, text):
    """Edit the last cell of an ``.ipynb`` as Jupyter would."""
    notebook = nbformat.read(path, 4)
    notebook.cells[-1].source = text
    nbformat.write(notebook, path)


def sync(source, *options):
    """Run the tool behind `make sync`."""
    command = [sys.executable, ROOT / "book/tools/pair.py", source, *options]
    return subprocess.run(command, capture_output=True, text=True)


def test_sync_writes_the_pair_from_the_source_and_keeps_ids(pair):
    source, path = pair
    before = nbformat.read(path, 4)
    source.write_text(source.read_text().replace("# %%\nprint", "# %%\n1\n\n# %%\nprint"))
    assert sync(source).returncode == 0
    after = nbformat.read(path, 4)
    assert [cell.source for cell in after.cells] == [c.source for c in jupytext.read(source).cells]
    assert [after.cells[0].id, after.cells[2].id] == [cell.id for cell in before.cells]
    assert sync(source).stdout == ""  # there is nothing more to write


def test_sync_never_writes_over_an_edit_of_the_pair(pair):
    source, path = pair
    edit_cell(path, "print(size + 1)")
    for text in (source.read_text(), source.read_text() + "\n# %%\n2\n"):
        source.write_text(text)
        done = sync(source)
        assert done.returncode == 1
        assert f"{path} has been edited" in done.stderr and "make sync DISCARD=1" in done.stderr
        assert "size + 1" in path.read_text()
    assert sync(source, "--discard").returncode == 0
    assert "size + 1" not in path.read_text()


def test_outputs_in_the_pair_are_no_edit(pair):
    source, path = pair
    notebook = nbformat.read(path, 4)
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    nbformat.write(notebook, path)
    source.write_text(source.read_text().replace("print(size)", "print(size, 2)"))
    assert sync(source).returncode == 0
    assert "size, 2" in path.read_text()


def test_the_build_stops_at_an_edit_of_the_pair(attempt, pair):
    _, path = pair
    done, target = attempt("print(size, 2)")  # the source alone: that is what is to run
    assert done.returncode == 0 and "make sync writes the pair anew" in done.stdout
    assert outputs(target)[0].text == "1 2\n"
    edit_cell(path, "print(size + 1)")
    done, _ = attempt("print(size, 2)")
    assert done.returncode == 1
    assert f"its pair {path} has been edited, and that edit would be left out" in done.stderr
