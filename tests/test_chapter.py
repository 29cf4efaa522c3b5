"""The set-up of a chapter: which names it looks at, what it shows and prints, what it keeps."""

import numpy as np
import pytest
from small_data import random_dataset

from dfa_utils import BP, DFA, SGD, Chapter, Network, Normal, Recipe, Rule, Run
from dfa_utils.chapter import records
from dfa_utils.chapter.setup import source_of


@pytest.fixture
def notebook():
    """The names of a small notebook."""
    return {"learning_rate": 0.1, "seeds": [0, 1], "backend": "numpy", "other": object()}


def test_parameters_are_those_of_this_moment(notebook):
    chapter = Chapter(notebook)
    assert chapter.parameters == {"learning_rate": 0.1, "seeds": [0, 1], "backend": "numpy"}
    notebook["learning_rate"] = 0.3
    assert chapter.parameters["learning_rate"] == 0.3
    notebook["learning_rate"] = -1
    with pytest.raises(ValueError, match=r"^learning_rate must be > 0, got -1$"):
        chapter.parameters  # noqa: B018


def test_names_are_left_as_they_are(notebook):
    before = dict(notebook)
    for _ in range(2):
        notebook["chapter"] = Chapter(notebook)
    del notebook["chapter"]
    assert notebook == before


def test_a_readers_own_names_do_not_stop_it(notebook):
    """Which may be those of parameters that other notebooks have."""
    notebook["chapter"] = Chapter(notebook)
    notebook |= {"rule": DFA(), "loss": 0.5, "x": 3, "__annotations__": {"x": int}}
    notebook["chapter"] = Chapter(notebook)
    assert set(notebook["chapter"].parameters) == {"learning_rate", "seeds", "backend"}
    notebook["checkpoint_dir"] = "kept"  # one that was added to the notebook
    assert Chapter(notebook).parameters["checkpoint_dir"] == "kept"
    notebook["learning_rate"] = "0.1"
    with pytest.raises(ValueError, match="learning_rate must be a number"):
        Chapter(notebook)


def test_a_notebook_keeps_its_runs_by_name(notebook, tmp_path):
    chapter = Chapter(notebook | {"checkpoint_dir": None})
    assert chapter.checkpoint("bp") is None
    chapter = Chapter(notebook | {"checkpoint_dir": str(tmp_path)})
    assert chapter.checkpoint("bp").path == tmp_path / "bp.checkpoint"


def test_code_is_shown_without_docstrings_below_its_class(notebook, capsys):
    def plain(x):
        """Say nothing.

        In three lines.
        """
        return x  # as it is

    Chapter(notebook).show(BP.send, DFA.teach, DFA.send)
    classes = [line for line in capsys.readouterr().out.splitlines() if line[:1].strip()]
    assert classes == ["class BP:", "class DFA:"]
    assert source_of(plain) == "def plain(x):\n    return x  # as it is"
    assert '"""' not in source_of(Rule.draw) and "return [self.feedback(" in source_of(Rule.draw)


@pytest.mark.parametrize(
    ("seeds", "words"), [([4], "one seed"), ([0, 1], "mean of 2 seeds")], ids=["one", "two"]
)
def test_epochs_are_printed_now_and_then(notebook, capsys, seeds, words):
    data = random_dataset()
    network = Network.between(data, [5])
    run = Run(network, Recipe(BP(), SGD(0.1)), data, seeds, weights=Normal(0.1))
    chapter = Chapter(notebook)
    run.fit(6, report=chapter.report(2))
    branch = run.branch(run.recipe).fit(8, report=chapter.report(2))
    lines = capsys.readouterr().out.splitlines()
    assert [line[:12] for line in lines] == [
        *("epoch   3 of", "epoch   6 of", "epoch   7 of", "epoch   8 of"),
    ]
    assert all(line.endswith(f"({words})") for line in lines)
    assert f"{branch.history.last('test_error').mean():.2f} %" in lines[-1]


def test_a_curve_is_recorded_with_its_deviation(monkeypatch):
    kept = {}
    monkeypatch.setattr(records, "record", kept.__setitem__)
    values = np.arange(12.0).reshape(2, 3, 2)
    records.record_curve("angle", values)
    assert kept["angle_curve"].tolist() == [[2, 3], [8, 9]]
    assert kept["angle_std_curve"].tolist() == [[2, 2], [2, 2]]
    records.record_curve("error", values[:, :1, 0])
    assert kept["error_curve"].tolist() == [0, 6] and np.isnan(kept["error_std_curve"]).all()
    with pytest.raises(ValueError, match="values must be an array"):
        records.record_curve("angle", values[:, 0, 0])
