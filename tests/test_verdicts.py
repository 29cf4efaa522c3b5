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
from dfa_utils.chapter.verdicts import (
    StoredRun,
    agree,
    beside_chance,
    clearly,
    difference,
    halfway,
    interval,
    judge_layers,
)


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


# Angles beside their controls, and what they do over time.

SEEDS = np.array([-1.0, 0.0, 1.0])[:, None]  # spread around a mean
NULL = 90 + np.linspace(-3, 3, 20)[:, None, None] * np.ones((20, 3, 2))


def test_chance_is_a_right_angle_and_alignment_below_all_of_it():
    found = beside_chance(np.array([[60.0, 60.0], [61.0, 88.0], [62.0, 60.0]]), NULL)
    assert {name: held.tolist() for name, held in found.items()} == {
        "chance is a right angle": [True, True],
        "is aligned": [True, False],  # one seed is within chance
    }
    moved = beside_chance(np.full((3, 2), 60.0), NULL + np.array([0.0, 1.0]))
    assert moved["chance is a right angle"].tolist() == [True, False]


def test_halfway_is_where_half_of_the_way_is_gone():
    curve = np.array([[90.0, 10.0], [80.0, 0.0], [60.0, 0.0], [70.0, 0.0], [50.0, 0.0]])
    np.testing.assert_allclose(halfway(curve), [1.5, 0.5])
    np.testing.assert_allclose(halfway(-curve), [1.5, 0.5])


def test_a_claim_on_layers_is_one_on_all(run, capsys):
    found = run()
    judge_layers("some", "it is so", np.array([True, False, True]))
    judge_layers("every", "it is so", np.array([True]))
    assert found.recorded == {"holds_some": False, "holds_every": True}
    some, every = capsys.readouterr().out.splitlines()
    assert some.endswith("it is so (2 of 3 layers)") and every.endswith("it is so (1 of 1 layers)")


def angles_of(name, errors, weights):
    """Return records of angles of two layers in three seeds, by their means."""
    last = {"angle": errors, "weight": weights}
    curves = {f"{name}_{kind}_curve": [(values + SEEDS).tolist()] for kind, values in last.items()}
    return curves | {f"{name}_{kind}_null_curve": NULL.tolist() for kind in last}


def test_angles_are_judged_beside_chance_and_each_other(run):
    found = run(**angles_of("a", np.array([40.0, 50.0]), np.array([50.0, 49.0])))
    assert found.last_angles("a")["weights"].mean(axis=0).tolist() == [50.0, 49.0]
    found.judge_angles({"A": "a"})
    assert found.recorded == {
        "holds_a_angle_angle": True,
        "holds_a_angle_aligned": True,
        "holds_a_weight_angle": True,
        "holds_a_weight_aligned": True,
        "holds_a_errors_nearer": False,
        "holds_a_weights_nearer": False,
    }


def test_true_errors_count_where_they_are_large_enough_in_every_seed(run):
    sizes = np.array([[[1.0, 1.0, 1.0], [0.02, 0.4, 2.0]], [[1.0, 1.0, 1.0], [0.04, 0.4, 2.0]]])
    found = run(a_size_curve=[sizes.tolist()])
    np.testing.assert_allclose(found.last_sizes("a"), [[0.01, 0.2], [0.02, 0.2]])
    found.judge_sizes({"A": "a"}, least=0.01)
    assert found.recorded.pop("holds_a_counts") is True
    found.judge_sizes({"A": "a"}, least=0.02)
    assert found.recorded["holds_a_counts"] is False


def test_depth_is_worth_what_random_layers_lack(run):
    records = curves("w_frozen", [[9.0, 10.0, 11.0]]) | curves("w_bp", [[1.0, 2.0, 3.0]])
    found = run(**records, **curves("w_fa", [[9.0, 10.0, 10.9]]))
    found.judge_depth(["w"], ("bp", "fa"))
    assert found.recorded["holds_w_bp_depth"] is True
    assert found.recorded["holds_w_fa_depth"] is False


def path(*means):
    """Return a curve of two layers in three seeds by the means of both, a pair for each epoch."""
    return [(np.array(pair) + 0.1 * SEEDS).tolist() for pair in means]


def test_phases_are_told_by_their_half_ways(run):
    """Of two layers, of which the lower one turns first, then turns back."""
    early = path((90, 90), (40, 80), (30, 30), (36, 30))
    fit = [[90.0, 90.0, 90.0], [80.0] * 3, [80.0] * 3, [0.0] * 3]
    found = run(n_angle_curve=early, n_error_curve=fit, m_angle_curve=early, m_error_curve=fit)
    found.judge_phases({"none": "n", "some": "m"})
    expected = {"first": True, "up": True, "given_up": False}
    names = [*expected.items(), ("costs", False)]
    assert found.recorded == {f"holds_n_{name}": held for name, held in expected.items()} | {
        f"holds_m_{name}": held for name, held in names
    }
    both = path((90, 90), (40, 80), (30, 30), (36, 36))
    found = run(n_angle_curve=early, n_error_curve=fit, m_angle_curve=both, m_error_curve=fit)
    found.judge_phases({"none": "n", "some": "m"})
    assert found.recorded["holds_m_given_up"] is True


def test_networks_end_nearer_or_not(run):
    found = run(
        a_network_curve=path((90, 90), (40, 44)),
        b_network_curve=path((90, 90), (40, 46)),
        c_network_curve=path((90, 90), (89, 85)),
        d_network_curve=path((90, 90), (89, 60)),
    )
    found.judge_ends({"a": ("a", True), "b": ("b", True), "c": ("c", False), "d": ("d", False)})
    assert found.recorded == {
        "holds_a_nearer": True,
        "holds_a_close": True,
        "holds_b_nearer": True,
        "holds_b_close": False,
        "holds_c_apart": True,
        "holds_d_apart": False,
    }


def test_an_error_rises_after_the_release_or_not(run, capsys):
    """The networks are those of the fixture: two epochs before the release."""
    errors = {
        "up": [[50.0] * 3, [9.0, 10.0, 11.0], [29.0, 30.0, 31.0], [5.0] * 3],
        "down": [[50.0] * 3, [9.0, 10.0, 11.0], [8.0, 9.0, 10.0], [5.0] * 3],
    }
    records = {f"{name}_gradient_curve": path((90, 90), (80, 85), (70, 75)) for name in errors}
    for name, values in errors.items():
        records |= curves(name, values)
    found = run(**records)
    panels = found.since_release({"DFA": "up"}, "gradient")["DFA"]
    assert panels.shape == (3, 3, 3)
    np.testing.assert_array_equal(panels[:, :, 0], errors["up"][1:])
    found.judge_rise({"DFA": "up", "BP": "down"})
    assert found.recorded == {"holds_up_rise": True, "holds_down_rise": True}
    printed = capsys.readouterr().out
    assert "DFA: before, after one and all epochs 10.0±1.0, 30.0±1.0, 5.0±0.0 %" in printed
    assert "below its level after epoch 2" in printed and "70.0±0.1, 75.0±0.1" in printed
    found.judge_rise({"DFA": "down", "BP": "up"})
    assert found.recorded == {"holds_up_rise": False, "holds_down_rise": False}


@pytest.mark.parametrize("name", ["alignment_controls", "align_then_memorise"])
def test_what_is_stored_of_alignment_is_a_run_on_mnist(name):
    records = load_results(f"{name}/mnist")
    parameters = records["provenance"]["parameters"]
    assert parameters["dataset"] == "mnist" and len(parameters["seeds"]) >= 3
    assert "dirty" not in records["provenance"]["commit"]
    assert not [key for key in records if key.startswith(("stored_", "holds_"))]


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
