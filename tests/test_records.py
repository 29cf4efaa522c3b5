"""Records: written in a notebook, read by a program."""

import json

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from dfa_utils.history import History
from dfa_utils.records import read_records


def test_records_survive_a_notebook(tmp_path):
    source = "\n".join(
        [
            "import numpy as np",
            "from dfa_utils.records import record, record_errors",
            "record('plain', 1.5)",
            "record('missing', float('nan'))",
            "record('count', np.int64(3))",
            "record_errors('bp', 'test_error', [1.0, 2.0, 3.0])",
            "record_errors('one', 'test_error', [4.0])",
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
        "one_test_error": 4.0,
        "one_test_error_std": None,
    }
    data = notebook.cells[0].outputs[0]["data"]
    assert all(isinstance(value, str) for value in data.values())
    assert json.loads(data["application/papermill.record/application/json"]) == 1.5


def test_histories_join_in_time():
    values = np.ones((2, 3))
    first = History((0, 1, 2), np.array([1, 2]), *[values] * 4)
    second = History((0, 1, 2), np.array([3]), *[values[:1]] * 4)
    assert first.followed_by(second).epochs.tolist() == [1, 2, 3]
    assert first.followed_by(second).test_error.shape == (3, 3)
    with pytest.raises(AttributeError):
        first.seeds = ()
