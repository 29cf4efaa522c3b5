"""The build's own command for one notebook: what is wrong with a notebook keeps it out."""

import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT

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

    def run(cell, profile="", cell_timeout=100):
        source, target = tmp_path / "00_try.py", tmp_path / "out" / "00_try.ipynb"
        source.write_text(f"{HEADER}\n# %%\n{cell}\n")
        (tmp_path / "profile.yml").write_text(profile)
        command = [sys.executable, ROOT / "book/tools/execute.py", source, target]
        command += ["--profile", tmp_path / "profile.yml", "--cell-timeout", str(cell_timeout)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT), target

    return run


def test_a_good_notebook_is_written_with_its_parameters(attempt):
    done, target = attempt("print(size)", profile="00_try: {size: 7}")
    assert done.returncode == 0, done.stderr
    assert nbformat.read(target, 4).cells[-1].outputs[0].text == "7\n"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


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


def test_a_bad_run_leaves_the_good_one(attempt):
    _, target = attempt("print(1)")
    before = target.read_bytes()
    done, _ = attempt("print(1 / 0)")
    assert done.returncode == 1
    assert target.read_bytes() == before


def test_an_unknown_parameter_is_refused(attempt):
    done, target = attempt("pass", profile="00_try: {sise: 7}")
    assert done.returncode == 1
    assert "has no parameter sise; it has size" in done.stderr
    assert not target.exists()
