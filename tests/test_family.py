"""What the chapters on the family of rules and on learned feedback are made of."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from small_data import random_dataset, small_run

from dfa_utils import BP, FA, SGD, Network, Normal, Recipe, Run, WeightMirror, error_angles
from dfa_utils.chapter import timing
from dfa_utils.chapter.selection import choose
from dfa_utils.chapter.stored import load_results
from dfa_utils.figures import RULE_LOOKS, looks_of, plot_bias_and_variance, plot_errors_by_rule
from dfa_utils.rules import RULES
from dfa_utils.studies import akrout
from dfa_utils.studies import family as kin


def claims(capsys):
    """Return what was judged, by the claim without what stands in brackets."""
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if " | " in line]
    return {claim.partition(" (")[0]: verdict.strip() == "holds" for verdict, claim in lines}


# The family.


def test_everyone_is_there():
    every = kin.everyone()
    assert list(every) == list(kin.TOLD) and len(every) == 15
    assert {rule.name.lower() for rule in every.values()} == set(RULES)
    forms = [every[name].magnitudes for name in ("SS", "SS fixed", "SS anew")]
    assert forms == ["uniform", "fixed", "anew"]
    assert isinstance(every[kin.ALONE], BP) and set(RULE_LOOKS) < set(every)


@pytest.fixture(scope="module")
def table():
    """Rows of three rules, one of which is the baseline."""
    rows = {}
    for name in ("BP", "NP", kin.ALONE):
        frozen = {0, 1} if name == kin.ALONE else ()
        run = small_run(kin.everyone()[name], (0, 1, 2), batch_size=8, frozen=frozen)
        rows[name] = kin.judge_run(name, run.fit(2, measure={"angle": error_angles}))
    return rows


def test_a_row_is_what_the_run_says(table):
    run = small_run("bp", (0, 1, 2), batch_size=8).fit(2)
    np.testing.assert_array_equal(table["BP"]["test_error"], run.history.test_error[-1])
    assert table["BP"]["rate"] == 0.5 and table["BP"]["angle"].shape == (3, 2)
    np.testing.assert_allclose(table["BP"]["judged"][:, 0], 1)
    assert (table["NP"]["judged"][:, 2] > 0).all()
    assert np.isnan(table[kin.ALONE]["judged"]).all() and np.isnan(table[kin.ALONE]["angle"]).all()


def test_the_table_in_markdown(table):
    seconds = {"step, BP": 1.0, "step, NP": 2.04, f"step, {kin.ALONE}": 0.5}
    plain = json.loads(json.dumps(table, default=np.ndarray.tolist))  # as it is stored
    head, rule, *rows = kin.family_rows(plain, seconds).splitlines()
    assert head.count("|") == rule.count("|") == 9
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in cells] == ["BP", "NP", kin.ALONE]
    assert [row[1] for row in cells] == [kin.TOLD[row[0]] for row in cells]
    assert [row[-1] for row in cells] == ["1.0", "2.0", "0.5"]
    assert cells[0][4:7] == ["0, 0", "1.00", "1.0"] and cells[2][4:7] == ["-", "-", "-"]
    errors = np.array(plain["BP"]["test_error"])
    assert cells[0][3].startswith(f"{errors.mean():.2f}\u00a0±\u00a0{errors.std(ddof=1):.2f}")


def test_errors_are_judged_seed_by_seed(capsys):
    errors = {"BP": [1.0, 1.1, 1.2], "FA": [1.5, 1.6, 1.7], "NP": [1.0, 9.0, 1.2]}
    errors = {name: np.array(values) for name, values in errors.items()}
    kin.judge_errors(errors | {kin.ALONE: np.array([8.0, 8.1, 8.3])})
    found = claims(capsys)
    assert found["FA: better than the last layer alone"] and found["BP: better than FA"]
    assert not found["NP: better than the last layer alone"] and not found["BP: better than NP"]
    assert f"{kin.ALONE}: better than the last layer alone" not in found


def test_gradients_are_judged_by_their_cosine(capsys):
    cosines = {name: [0.6, 0.5, 0.55] for name in ("KP", "WM", "SS")}
    cosines |= {"BP": [1.0, 1.0, 1.0], "FA": [0.2, 0.3, 0.25], "DFA": [0.6, 0.1, 0.9]}
    cosines |= {"DKP": [0.7, 0.8, 0.6], "NP": [0.95, 1.06, 0.99], "wild": [0.8, 1.2, 1.0]}
    judged = {name: np.array([[c, 2, 0, 1] for c in values]) for name, values in cosines.items()}
    kin.judge_gradients(judged | {kin.ALONE: np.full((3, 4), np.nan)})
    found = claims(capsys)
    assert found["BP: unbiased"] and found["NP: unbiased"]
    assert not found["FA: unbiased"] and not found["wild: unbiased"]
    assert found["KP: a larger cosine than FA"] and not found["DKP: a larger cosine than DFA"]


def test_figures_have_what_they_are_given(table):
    errors = kin.arrays_of(table, "test_error")
    axes = plot_errors_by_rule(errors).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == list(errors)
    assert axes.get_ylim()[0] > axes.get_ylim()[1] and axes.get_xscale() == "log"
    axes = plot_bias_and_variance(kin.arrays_of(table, "judged")).axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert labels == ["BP", "NP"] and axes.get_yscale() == "log"
    for plot in (plot_errors_by_rule, plot_bias_and_variance):
        with pytest.raises(ValueError, match="must be of at least one rule"):
            plot({})


# What chapters may want besides.


def test_a_rate_is_chosen_by_validation_and_overflow_is_out():
    data = random_dataset(validation=20)

    def train(rate):
        if rate > 100:
            raise FloatingPointError("the loss is not finite")
        return small_run("bp", data=data, optimizer=SGD(rate)).fit(3)

    assert choose(train, [1e-6, 0.5, 1000.0]) == 0.5
    with pytest.raises(ValueError, match="histories must be at least one"):
        choose(train, [1000.0])


def test_steps_are_timed_in_turns(monkeypatch):
    """By a clock that goes on by the steps: of one rule they take three times as long."""
    now, fit = [0.0], Run.fit

    def timed_fit(run, until):
        now[0] += 3.0 if run.recipe.rule.name == "FA" else 1.0
        return fit(run, until)

    monkeypatch.setattr(timing, "process_time", lambda: now[0])
    monkeypatch.setattr(Run, "fit", timed_fit)
    runs = {name: small_run(name.lower(), batch_size=8) for name in ("BP", "FA")}
    before = [layer.weights.copy() for layer in runs["FA"].params]
    found = timing.relative_seconds(runs, steps=2, repeats=3)
    assert found == {"step, BP": 1.0, "step, FA": 3.0}
    assert now[0] == 4 * 4 and runs["FA"].epoch == 0
    for old, layer in zip(before, runs["FA"].params, strict=True):
        np.testing.assert_array_equal(old, layer.weights)


# Akrout's settings and log.


def test_the_start_is_that_of_both_ends():
    drawn = akrout.BothEnds()(np.random.default_rng(0), (300, 100), 300, 100)
    assert drawn.std() == pytest.approx(1 / 20, rel=0.02)


def test_biases_step_by_a_batch_size_less_and_weights_do_not():
    slow, plain = (
        small_run("bp", (0,), optimizer=optimizer, batch_size=50).fit(1)
        for optimizer in (akrout.SlowBiases(0.5, batch_size=50), SGD(0.5))
    )
    start = small_run("bp", (0,), batch_size=50)
    for first, one, other in zip(start.params, slow.params, plain.params, strict=True):
        np.testing.assert_array_equal(one.weights, other.weights)
        moved = (other.biases - first.biases) / 50
        np.testing.assert_allclose(one.biases, first.biases + moved, rtol=1e-9)


def test_mirrors_see_an_epoch_of_noise_and_nothing_else_moves():
    run, still = (small_run(WeightMirror(Normal(0.1), rate=1.0), batch_size=8) for _ in range(2))
    akrout.mirror_first(run)
    for ours, first in zip(run.params, still.params, strict=True):
        np.testing.assert_array_equal(ours.weights, first.weights)
    assert all((a != b).all() for a, b in zip(run.feedback, still.feedback, strict=True))
    assert run.epoch == 0 and run.fit(2).epoch == 2


def test_a_range_holds_one_more_seed_as_often_as_it_says():
    drawn = np.random.default_rng(0).standard_normal((4, 4000))
    mean, reach = akrout.expected_range(drawn[:3])
    held = np.abs(drawn[3] - mean) <= reach
    assert held.mean() == pytest.approx(0.95, abs=0.01)


def test_the_log_is_whole_and_ends_where_its_readme_says():
    log = load_results("akrout2019_mnist")
    assert log["epochs"] == sorted(log["epochs"]) and log["epochs"][-1] == 400
    curves = {name: log[name] for name in log if name not in ("epochs", "source")}
    assert len(curves) == 4 + 3 + 3 and "688f47a" in log["source"]
    assert {len(values) for values in curves.values()} == {len(log["epochs"])}
    last = {name: curves[f"{name}_test_error"][-1] for name in ("bp", "fa", "kp", "wm")}
    assert last == {"bp": 1.5, "fa": 2.2, "kp": 1.55, "wm": 1.51}


def test_the_log_is_judged_as_far_as_the_run_goes(capsys):
    log = load_results("akrout2019_mnist")
    near = np.full((5, 3), 50.0) + np.array([-0.1, 0.0, 0.1])
    for epoch, error in zip(log["epochs"][:3], log["bp_test_error"], strict=False):
        near[epoch - 1] += error - 50
    asked = []
    stored = SimpleNamespace(curve=lambda name: near, last=lambda *what: asked.append(what))
    akrout.judge_log(stored, {"BP": "bp"})
    assert asked == [("bp", "train_error"), ("bp", "test_error")]
    printed = capsys.readouterr().out
    assert printed.count("epoch") == 3 + 1 and "holds         | BP" in printed
    akrout.judge_log(stored, {"FA": "fa"})
    assert not claims(capsys)["FA: the logged errors fit at 0 of 3 epochs"]


def test_the_log_of_the_matrices_is_judged_from_the_epoch_before_training_on(capsys):
    log = load_results("akrout2019_mnist")
    near = np.full((6, 3), 90.0) + np.array([-0.1, 0.0, 0.1])
    for epoch, angle in zip(log["epochs"][:3], log["wm_matrix_angle"], strict=False):
        near[epoch] += angle - 90
    stored = SimpleNamespace(curve=lambda name: near)
    akrout.judge_log_of_matrices(stored, {"WM": "wm", "KP": "kp"})
    found = claims(capsys)
    assert found["WM: the logged angles fit at 3 of 3 epochs"]
    assert not found["KP: the logged angles fit at 0 of 3 epochs"]


def test_angles_and_decay_are_judged(capsys):
    angles = {"FA": [40.0, 41, 39], "KP": [9.0, 8, 10], "KP with decay": [3.0, 2.5, 2.8]}
    curves = {name: np.array([[90.0] * 3, values]) for name, values in angles.items()}
    akrout.judge_angles({"matrix": curves})
    errors = {"kp": np.array([2.0, 2.1, 2.2]), "kp_decay": np.array([3.0, 3.1, 3.2])}
    akrout.judge_decay(SimpleNamespace(last=lambda run, _: errors[run]), curves)
    found = claims(capsys)
    assert found["matrix: the angle of KP is smaller than that of FA"]
    assert found["decay: the angle of the matrix is smaller than without"]
    assert found["decay: the test error is higher than without"]
    assert not found["decay: the test error is lower than without"]


def test_the_log_is_drawn_as_far_as_the_axes_reach():
    from matplotlib import pyplot as plt

    figure, (above, axes) = plt.subplots(2)
    for panel in (above, axes):
        panel.plot([0, 12], [1, 2])
    runs = {"BP": "bp", "KP with decay": "kp_decay"}
    akrout.mark_log(figure, runs, looks_of(runs), "test_error")
    for panel in (above, axes):
        assert panel.get_xticks().tolist() == [0, 1, 2, 5, 10]
        one, two, four = panel.transData.transform([(1, 0), (2, 0), (4, 0)])[:, 0]
        assert four - two == pytest.approx(two - one)
    _, marks = axes.get_lines()
    assert (
        marks.get_xdata().tolist() == [1, 2, 5, 10] and marks.get_color() == RULE_LOOKS["BP"].colour
    )
    plt.close("all")


def test_fa_is_the_rule_whose_settings_differ_by_the_rate_alone():
    """The recipe of the chapter, on a small set: it runs, and its biases hardly move."""
    data, drawn = random_dataset(), akrout.BothEnds()
    moves = akrout.SlowBiases(akrout.RATES["fa"])
    recipe = Recipe(FA(drawn), moves, batch_size=10)
    run = Run(Network((6, 8, 3), "logistic"), recipe, data, (0, 1), weights=drawn, biases=drawn)
    before = [layer.biases.copy() for layer in run.params]
    run.fit(5)
    for old, layer in zip(before, run.params, strict=True):
        assert np.abs(layer.biases - old).max() < 0.05
