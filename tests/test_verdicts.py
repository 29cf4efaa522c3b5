"""What a stored run says of claims: each rule of judgement holds here and fails there."""

import json
import re

import nbformat
import numpy as np
import pytest
from conftest import book_tool

from dfa_utils import History
from dfa_utils.chapter import records as recording
from dfa_utils.chapter import stored, verdicts
from dfa_utils.chapter.stored import load_results
from dfa_utils.chapter.verdicts import StoredRun, agree, clearly, difference, interval


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Return a function that stores records and returns the run."""
    monkeypatch.setattr(stored, "FOLDER", tmp_path)
    recorded = {}
    for module in (verdicts, recording):
        monkeypatch.setattr(module, "record", recorded.__setitem__)

    def store(**records):
        records["provenance"] = {"parameters": {"seeds": [0, 1, 2], "pretrain_epochs": 2}}
        (tmp_path / "run.json").write_text(json.dumps(records))
        found = StoredRun("run")
        found.recorded = recorded
        return found

    return store


def curves(name, errors):
    """Return records of a network whose errors are all the same, (epochs, seeds)."""
    kinds = ("train_error", "train_loss", "test_error", "test_loss")
    return {f"{name}_{kind}_curve": np.asarray(errors, float).tolist() for kind in kinds}


def test_an_interval_is_the_mean_and_the_sample_deviation_over_the_seeds():
    assert interval(np.array([1.0, 2.0, 3.0])) == (2.0, 1.0)
    mean, spread = interval(np.array([[1.0, 5.0], [3.0, 5.0]]))
    np.testing.assert_allclose([mean, spread], [[2, 5], [np.sqrt(2), 0]])


def test_intervals_agree_where_they_touch():
    assert agree((1.0, 0.5), (2.0, 0.5)) and agree((2.0, 0.5), (1.0, 0.5))
    assert not agree((1.0, 0.5), (2.0, 0.4))


def test_a_difference_is_put_in_words():
    assert difference((1.0, 0.5), (2.0, 0.5)) == ""
    assert difference((1.0, 0.2), (2.0, 0.5)) == " (lower, by a gap of 0.3)"
    assert difference((2.0, 0.5), (1.0, 0.2)) == " (higher, by a gap of 0.3)"


def test_a_change_is_clear_beyond_twice_its_spread():
    changes = np.array([[2.1, 1.9, -9.0], [3.1, 2.9, -9.0], [1.1, 0.9, -9.0]])
    assert clearly(changes).tolist() == [True, False, False]


@pytest.mark.parametrize(("last", "holds"), [([0.0, 0.1, 0.05], True), ([0.0, 0.11, 0], False)])
def test_a_train_error_reaches_zero_in_every_seed_or_not(run, last, holds, capsys):
    found = run(**curves("ifa", [[5, 5, 5], last]))
    found.judge_zero("ifa", "IFA")
    assert found.recorded["holds_ifa_zero"] is holds
    assert found.recorded["stored_ifa_train_error"] == pytest.approx(np.mean(last))
    text = "holds         | IFA" if holds else "does not hold | IFA"
    assert f"{text}: the train error reaches zero" in capsys.readouterr().out


@pytest.mark.parametrize(("published", "holds"), [(3.94, True), (4.0, False)])
def test_a_published_value_is_an_interval_of_its_rounding(run, published, holds):
    found = run(**curves("ifa", [[3.9, 3.9, 3.9]]))
    found.judge_published("ifa", "test_error", published, 0.05, "IFA")
    assert found.recorded["holds_ifa_test_error"] is holds


def test_a_variant_is_like_another_network_or_not(run):
    found = run(**curves("dfa", [[2, 3, 4]]), **curves("one", [[3, 4, 5]]))
    found.judge_like("one", "dfa", "one matrix")
    assert found.recorded["holds_one_train_error"] and found.recorded["holds_one_test_error"]
    found = run(**curves("dfa", [[2, 3, 4]]), **curves("one", [[6, 6, 6]]))
    found.judge_like("one", "dfa", "one matrix")
    assert not found.recorded["holds_one_test_error"]


def test_a_fall_is_expected_or_not(run):
    low, wide = [[7, 7, 7], [6.0, 6.1, 5.9]], [[7, 7, 7], [6.0, 7.9, 7.0]]
    found = run(a_loss_curve=low, b_loss_curve=wide)
    for name, expected, holds in (
        *(("a", True, True), ("a", False, False)),
        *(("b", True, False), ("b", False, True)),
    ):
        found.judge_fall(name, "loss", name, expected=expected)
        assert found.recorded[f"holds_{name}"] is holds
    assert found.recorded["stored_a_loss_fall"] == pytest.approx(1)


def test_a_release_is_judged_by_its_peak_and_its_end(run):
    before = [[50, 50, 50], [5.5, 5.0, 4.5]]
    found = run(
        **curves("x_bp", [*before, [3, 3, 3], [0.05, 0, 0.1]]),
        **curves("x_dfa", [*before, [15, 15.5, 16], [0.05, 0, 0.2]]),
    )
    found.judge_release("x", {"BP": "bp", "DFA": "dfa"})
    holds = {n: v for n, v in found.recorded.items() if n.startswith("holds_")}
    assert holds == {
        **{"holds_x_frozen": True, "holds_x_bp_peak": True, "holds_x_bp_zero": True},
        **{"holds_x_dfa_peak": True, "holds_x_dfa_zero": False},
    }
    assert found.recorded["stored_x_dfa_peak_train_error"] == 15.5


def test_the_theorem_is_judged_layer_by_layer(run, capsys):
    start = np.zeros((3, 5, 3))
    end = start + np.array([1.0, 1.1, 0.9])[:, None, None]
    end[:, 0] *= -1
    end[:, (1, 3), 2] = end[:, (2, 4), 0] = np.nan
    good, bad = np.array([start, end]), np.array([start, end])
    bad[1, :, 1, 0] = [-1.0, 2.0, 1.0]
    found = run(a_theorem_curve=good.tolist(), b_theorem_curve=bad.tolist())
    found.judge_theorem({"A": "a", "B": "b"})
    holds = {n[6:]: v for n, v in found.recorded.items() if n.startswith("holds_")}
    assert all(holds[f"a_{name}"] for name in ("k", "k_pairs", "l_lower", "l_upper", "l_pairs"))
    assert holds["b_k"] and not holds["b_l_lower"] and holds["b_l_upper"]
    assert not holds["b_l_pairs"]
    printed = capsys.readouterr().out
    assert re.search(r"^A +K +-1\.00±0\.10 ", printed, re.M)
    assert "holds         | A: L rises in every pair (2 of 2)" in printed
    assert "does not hold | B: L of every lower layer is above zero (1 of 2)" in printed


def test_other_parameters_are_shown(run, capsys):
    run().show_parameters({"seeds": [0], "pretrain_epochs": 2, "another": 1})
    assert capsys.readouterr().out == "seeds                [0, 1, 2]   (live [0])\n"


def test_several_histories_are_recorded_and_read_by_their_prefix(run):
    values = np.array([[3.0, 4.0, 5.0], [1.0, 2.0, np.nan]])
    history = History((0, 1, 2), np.array([1, 2]), *[values] * 4)
    recorded = run().recorded
    for prefix in ("", "dfa"):
        recording.record_history(history, prefix)
    assert recorded["test_error"] == recorded["dfa_test_error"] == np.mean([1, 2, 5])
    arrays = {name: recorded[name] for name in recorded if name.endswith("_curve")}
    found = run(**{name: values.tolist() for name, values in arrays.items()})
    for prefix in ("", "dfa"):
        (joined,) = found.histories({"x": prefix}).values()
        np.testing.assert_array_equal(joined.train_loss, values)
        assert joined.epochs_run.tolist() == [2, 2, 1]
    with pytest.raises(ValueError, match="name must be that of a run with curves"):
        found.histories({"x": "absent"})


def test_what_a_chapter_takes_from_a_stored_run_is_not_stored_again(tmp_path):
    names = ("dfa_test_error", "stored_dfa_test_error", "holds_dfa")
    outputs = [
        nbformat.v4.new_output(
            "display_data",
            {f"{recording.PREFIX}application/json": "1.5"},
            metadata={"scrapbook": {"name": name, "mime_prefix": recording.PREFIX}},
        )
        for name in names
    ]
    cell = nbformat.v4.new_code_cell("", outputs=outputs)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "run.ipynb")
    target = book_tool("store").store_notebook(tmp_path / "run.ipynb", tmp_path / "run.json")
    assert json.loads(target.read_text()) == {"dfa_test_error": 1.5}


def test_what_is_stored_of_the_papers_claims_is_a_long_run_on_mnist():
    records = load_results("paper_claims/mnist")
    parameters = records["provenance"]["parameters"]
    assert parameters["dataset"] == "mnist" and parameters["train_samples"] is None
    assert len(parameters["seeds"]) >= 3 and parameters["checkpoint_dir"] is None
    assert not [name for name in records if name.startswith(("stored_", "holds_"))]
    claims = StoredRun("paper_claims/mnist")
    for name in ("dfa", "fa", "shared", "difference", "slopeless"):
        (history,) = claims.histories({"x": name}).values()
        assert history.train_error.shape == (parameters["num_epochs"], len(parameters["seeds"]))
        np.testing.assert_allclose(
            history.last("test_error"), records[f"{name}_test_error_per_seed"]
        )
