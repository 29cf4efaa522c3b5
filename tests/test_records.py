"""Records: written in a notebook, read by a program; and the commit that they come from."""

import json
import subprocess

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from small_data import small_run

from dfa_utils import error_angles
from dfa_utils.chapter import records as recording
from dfa_utils.chapter.provenance import ROOT, commit
from dfa_utils.chapter.records import read_records, record_errors, record_run


def test_records_survive_a_notebook(tmp_path):
    source = "\n".join(
        [
            "import numpy as np",
            "from dfa_utils.chapter.records import record, record_curve, record_errors",
            "record('plain', 1.5)",
            "record('missing', float('nan'))",
            "record('count', np.int64(3))",
            "record_errors('bp', 'test_error', [1.0, 2.0, 3.0])",
            "record_errors('one', 'test_error', [4.0])",
            "record_curve('two', np.array([[[1.0, 5.0], [3.0, 9.0]]]))",
        ]
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, kernel_name="python3").execute()
    nbformat.validate(notebook)
    path = tmp_path / "executed.ipynb"
    nbformat.write(notebook, path)
    assert read_records(path) == {
        "plain": 1.5,
        "missing": None,
        "count": 3,
        "bp_test_error": 2.0,
        "bp_test_error_std": 1.0,
        "bp_test_error_per_seed": [1.0, 2.0, 3.0],
        "one_test_error": 4.0,
        "one_test_error_std": None,
        "one_test_error_per_seed": [4.0],
        "two_curve": [[2.0, 7.0]],
        "two_std_curve": [[2**0.5, 8**0.5]],
        "two_seeds_curve": [[[1.0, 3.0], [5.0, 9.0]]],
    }
    data = notebook.cells[0].outputs[0]["data"]
    assert all(isinstance(value, str) for value in data.values())
    assert json.loads(data["application/papermill.record/application/json"]) == 1.5


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ([3.9, 3.8, 15.3], "7.67 % ± 6.61 (seeds 3.90, 3.80, 15.30; median 3.90)"),
        ([3.0, 2.0, 2.5], "2.50 % ± 0.50"),
        ([3.0], "3.00 %, one seed"),
    ],
)
def test_the_seeds_of_a_wide_spread_are_printed(capsys, errors, words):
    record_errors("bp", "test_error", errors)
    assert capsys.readouterr().out.rstrip().endswith(words)


def test_the_commit_is_that_of_the_checkout_and_not_of_one_above(tmp_path, monkeypatch):
    """As where the package is installed below a folder that is a repository of its own."""
    identity = ["-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], [*identity, "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    below = tmp_path / "lib" / "site-packages"
    below.mkdir(parents=True)
    assert commit(below) == "unknown"
    assert commit(tmp_path / "nowhere") == "unknown"
    command = ["git", "-C", tmp_path, "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert commit(tmp_path) == done.stdout.strip()
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    assert commit(tmp_path / "link") == done.stdout.strip()
    assert commit() == commit(ROOT)
    monkeypatch.setenv("PATH", "")
    assert commit(tmp_path) == "unknown"


def test_a_run_is_recorded_with_what_it_measured(monkeypatch):
    recorded = {}
    monkeypatch.setattr(recording, "record", recorded.__setitem__)
    run = small_run().fit(2, measure={"angle": error_angles})
    record_run(run, "dfa")
    np.testing.assert_allclose(recorded["dfa_angle_curve"], run.measured["angle"], atol=1e-4)
    assert recorded["dfa_test_error"] == run.history.last("test_error").mean()
