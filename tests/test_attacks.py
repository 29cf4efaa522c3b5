"""Attacks on networks: what they follow, how far they go, and what is said of them."""

import json

import in_torch
import numpy as np
import pytest
import torch
from small_data import BACKENDS, random_dataset, small_run

from dfa_utils import FastGradientSign, Normal
from dfa_utils.chapter.verdicts import StoredRun
from dfa_utils.losses import LOSSES
from dfa_utils.rules import RULES
from dfa_utils.rules_family import NodePerturbation
from dfa_utils.studies import attacks, attacks_report
from dfa_utils.studies.attacks import ATTACKS, MARGIN, WORST, Onward
from dfa_utils.studies.family import ALONE

LIMITS = (-1.5, 1.5)
AT = ([0.1, 0.4], 3, LIMITS, 20)
#: Rules with a way to the image whose matrices, if they learn, do without noise.
LEADING = ("bp", "fa", "dfa", "drtp", "sdfa", "ss", "kp", "dkp")


def onward(rule, **settings):
    """Return a run under a rule whose way back leads to the image."""
    return small_run(Onward(rule=RULES[rule](Normal(0.7))), **settings)


def batch(run, count=20):
    """Return the first test images and what they are."""
    data = run.data
    return data.test_images[:count, :], data.test_targets[:count, :], data.test_labels[:count]


# The image as a layer.


@pytest.mark.parametrize("rule", LEADING)
def test_the_way_to_the_image_leaves_training_as_it_is(rule):
    run, plain = onward(rule).fit(2), small_run(rule).fit(2)
    for ours, theirs in zip(run.params, plain.params, strict=True):
        assert all((a == b).all() for a, b in zip(ours, theirs, strict=True))
    own = run.feedback[len(run.feedback) - len(plain.feedback) :]
    assert all((a == b).all() for a, b in zip(own, plain.feedback, strict=True))
    assert len(run.feedback) - len(plain.feedback) == (rule != "bp")


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ["tanh", "logistic"])
@pytest.mark.parametrize("rule", LEADING)
def test_what_the_image_is_sent_image_by_image(rule, activation, loss):
    """The error of the first layer is what its biases are given by one image, in torch."""
    run = onward(rule, activation=activation, loss=loss).fit(1)
    x, targets, _ = batch(run, 5)
    found = attacks.ways(run, targets, 0)["own"](x)
    feedback = [torch.tensor(np.array(matrix)) for matrix in run.feedback]
    weights = torch.tensor(np.array(run.params[0].weights))
    for place in range(len(x)):
        image, target = (torch.tensor(np.array(a[place : place + 1])) for a in (x, targets))
        layers = in_torch.tensors(run.params)
        below = [] if rule == "bp" else feedback[1:]
        at = (rule, layers, [m.clone() for m in below], image, target.expand(2, -1, -1))
        error = in_torch.add_gradients(*at, activation, loss)
        first = layers[0][1].grad
        if rule in ("fa", "kp"):
            sent = torch.einsum("sij,sjk->sik", first, feedback[0])
        elif rule == "ss":
            size = feedback[0].abs().flatten(1)[:, :1, None]
            sent = torch.einsum("sij,skj->sik", first, size * torch.sign(weights))
        elif rule == "bp":
            leaf = image.expand(2, -1, -1).clone().requires_grad_()
            sums, _ = in_torch.forward(in_torch.tensors(run.params), leaf, activation)
            in_torch.loss_of(sums[-1], target.expand(2, -1, -1), loss).backward()
            sent = leaf.grad
        else:
            taught = {"drtp": -target.expand(2, -1, -1), "sdfa": torch.sign(error)}
            sent = torch.einsum("sij,sjk->sik", taught.get(rule, error), feedback[0])
        np.testing.assert_allclose(found[:, place : place + 1], sent.numpy(), atol=1e-12)


def test_half_the_way_is_the_error_of_the_first_layer_through_its_weights():
    run = onward("fa").fit(1)
    x, targets, _ = batch(run)
    step = attacks.Step.at(
        run.network, run.params, run.feedback[1:], x, targets, LOSSES[run.recipe.loss]
    )
    (first, *_), W = run.recipe.rule.rule.send(step), run.params[0].weights
    found = attacks.ways(run, targets, 0)["half"](x)
    np.testing.assert_allclose(found, np.einsum("snj,sij->sni", first, W), rtol=1e-12)


def test_a_matrix_to_the_image_that_learns_takes_the_steps_of_the_first_weights():
    run = onward("kp")
    before = [np.array(a) for a in (run.params[0].weights, run.feedback[0])]
    run.fit(2)
    after = run.params[0].weights, run.feedback[0]
    steps = [now - then for now, then in zip(after, before, strict=True)]
    assert np.abs(steps[0]).max() > 0.1
    np.testing.assert_allclose(steps[1], steps[0].mT, atol=1e-12)


def test_a_matrix_to_the_image_stays_where_the_first_layer_does():
    run = onward("kp", frozen={0})
    before = np.array(run.feedback[0])
    np.testing.assert_array_equal(run.fit(1).feedback[0], before)


def test_dropped_pixels_are_sent_nothing():
    run = onward("dfa")
    x, targets, _ = batch(run)
    masks = [np.arange(6) % 2.0, None, None]
    at = (run.network, run.params, run.feedback, x, targets, LOSSES[run.recipe.loss], masks)
    sent = run.recipe.rule.send_image(attacks.Step.at(*at))
    assert not sent[..., ::2].any() and sent[..., 1::2].all()


@pytest.mark.parametrize("rule", ["ifa", "shared"])
def test_a_rule_without_a_way_to_the_image_is_refused(rule):
    with pytest.raises(ValueError, match="rule must be one with a matrix for each layer"):
        onward(rule)


def test_the_victims_are_of_the_family():
    rules = attacks.victims()
    assert list(rules) == list(attacks.ATTACKED)
    assert [rule.name for rule in rules.values()] == ["BP", "KP", "SS", "FA", "DFA", "BP"]
    assert not any(isinstance(rule.rule, NodePerturbation) for rule in rules.values())


# What is followed, and how far.


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_is_that_of_autograd(loss):
    run = onward("dfa", loss=loss)
    x, targets, _ = batch(run)
    leaf = torch.tensor(np.array(x)).expand(2, -1, -1).clone().requires_grad_()
    sums, _ = in_torch.forward(in_torch.tensors(run.params), leaf, "tanh")
    in_torch.loss_of(sums[-1], torch.tensor(np.array(targets)).expand(2, -1, -1), loss).backward()
    found = attacks.ways(run, targets, 0)
    for name in ("gradient", "steps"):
        np.testing.assert_allclose(found[name](x), leaf.grad.numpy(), rtol=1e-9, atol=1e-13)


def test_the_margin_and_its_gradient_are_those_of_autograd():
    run = onward("dfa")
    x, targets, labels = batch(run)
    leaf = torch.tensor(np.array(x)).expand(2, -1, -1).clone().requires_grad_()
    sums, _ = in_torch.forward(in_torch.tensors(run.params), leaf, "tanh")
    known = torch.tensor(np.array(labels)).expand(2, -1)[..., None]
    own = sums[-1].gather(-1, known)
    others = sums[-1].scatter(-1, known, -torch.inf).amax(-1)
    (others - own[..., 0]).sum().backward()
    np.testing.assert_allclose(
        MARGIN.value(run.network.logits(run.params, x), targets),
        (others - own[..., 0]).detach().numpy(),
        rtol=1e-9,
    )
    found = attacks.ways(run, targets, 0)["margin"](x)
    np.testing.assert_allclose(found, leaf.grad.numpy(), rtol=1e-9, atol=1e-13)


def test_of_equal_logits_the_margin_takes_one():
    logits, targets = np.zeros((1, 1, 3)), np.array([[1.0, 0.0, 0.0]])
    np.testing.assert_array_equal(MARGIN.error(logits, targets), [[[-1.0, 1.0, 0.0]]])


def test_one_step_is_the_fast_gradient_sign_within_the_limits():
    run = onward("fa")
    x, targets, _ = batch(run)
    loss = LOSSES[run.recipe.loss]
    way = attacks.ways(run, targets, 0)["gradient"]
    expected = FastGradientSign(0.4).perturb(run.network, run.params, x, targets, loss)
    inside = np.clip(x, *LIMITS)
    expected = np.clip(inside + (expected - x), *LIMITS)
    np.testing.assert_allclose(attacks.moved(inside, lambda _: way(x), 0.4, LIMITS), expected)


def test_several_steps_are_brought_back_after_each():
    x = np.array([[0.0, 0.5, 1.0]])
    turns = iter([[1.0, -1.0, 1.0], [1.0, -1.0, -1.0], [1.0, 1.0, 0.0], [1.0, 1.0, -1.0]])
    seen = []

    def gradient(now):
        seen.append(now)
        return np.array([next(turns)])

    found = attacks.moved(x, gradient, 0.1, (0.0, 1.0), 4)
    expected = [x, [[0.0625, 0.4375, 1.0]], [[0.1, 0.4, 0.9375]], [[0.1, 0.4625, 0.9375]]]
    np.testing.assert_allclose(np.array(seen), np.array([np.array(e) for e in expected]))
    np.testing.assert_allclose(found, [[0.1, 0.525, 0.9]])


@pytest.mark.parametrize("steps", [0, 1.5, "3"])
def test_steps_that_are_none_are_refused(steps):
    with pytest.raises(ValueError, match="attack_steps must be"):
        attacks.moved(np.zeros((1, 2)), lambda x: x, 0.1, (0, 1), steps)


# What is counted.


def test_errors_are_counted_image_by_image():
    run = onward("fa", loss="cross_entropy").fit(1)
    x, targets, labels = batch(run)
    found = attacks.errors_under_attack(run, *AT)
    assert list(found) == [*ATTACKS, WORST]

    def wrong(images, seed):
        layers = in_torch.tensors([[np.array(a)[seed] for a in layer] for layer in run.params])
        sums, _ = in_torch.forward(layers, torch.tensor(images), "tanh")
        return (sums[-1].argmax(-1) != torch.tensor(np.array(labels))).numpy()

    def moved(way, epsilon, steps, seed):
        now = np.array(x)
        for _ in range(steps):
            slope = way(np.broadcast_to(now, (2, *x.shape)))[seed]
            now = now + (epsilon if steps == 1 else 2.5 * epsilon / steps) * np.sign(slope)
            now = np.clip(np.clip(now, x - epsilon, x + epsilon), *LIMITS)
        return now

    follow = attacks.ways(run, targets, 0)
    for place, epsilon in enumerate(AT[0]):
        for seed in (0, 1):
            worst = wrong(np.array(x), seed)
            for name, steps in (
                ("own", 1),
                ("half", 1),
                ("gradient", 1),
                ("steps", 3),
                ("margin", 3),
            ):
                errors = wrong(moved(follow[name], epsilon, steps, seed), seed)
                assert found[name][place, seed] == pytest.approx(100 * errors.mean())
                worst = worst | errors if name not in ("own", "half") else worst
            assert found[WORST][place, seed] >= 100 * worst.mean() - 1e-9
            assert found[WORST][place, seed] <= 100 * worst.mean() + found["noise"][place, seed]
    assert (found["gradient"] > found["noise"]).any()
    np.testing.assert_array_equal(attacks.fooled(0.4, LIMITS, 20)(run), found["gradient"][1])


def test_signs_are_random_by_seed_and_image_and_the_same_again():
    run = onward("dfa")
    x, targets, _ = batch(run)
    one, again, other = (
        np.sign(attacks.ways(run, targets, first)["noise"](x)) for first in (0, 0, 20)
    )
    np.testing.assert_array_equal(one, again)
    assert set(np.unique(one)) == {-1, 1} and abs(one.mean()) < 0.3
    assert (one != other).any() and (one[0] != one[1]).any() and (one[:, 0] != one[:, 1]).any()


def test_parts_add_up(monkeypatch):
    run = onward("kp").fit(1)
    names = [name for name in ATTACKS if name != "noise"]
    whole, ends = attacks.errors_under_attack(run, *AT), attacks.at_the_images(run, 20)
    monkeypatch.setattr(attacks, "CHUNK", 7)
    parts, others = attacks.errors_under_attack(run, *AT), attacks.at_the_images(run, 20)
    for name in names:
        np.testing.assert_array_equal(parts[name], whole[name])
    for name in ends:
        np.testing.assert_allclose(others[name], ends[name], rtol=1e-9)


def test_a_network_whose_first_layer_stays_has_no_way_of_its_own():
    run = onward("bp", frozen={0, 1}).fit(1)
    found, ends = attacks.errors_under_attack(run, *AT), attacks.at_the_images(run, 20)
    assert np.isnan([found["own"], found["half"]]).all()
    assert np.isfinite([found[name] for name in ("noise", "gradient", "steps", WORST)]).all()
    assert (
        np.isnan([ends["own_angle"], ends["half_angle"]]).all()
        and np.isfinite(ends["distance"]).all()
    )


def test_what_is_found_at_the_images():
    run = onward("fa").fit(1)
    x, targets, labels = batch(run)
    ends, gradient = attacks.at_the_images(run, 20), attacks.ways(run, targets, 0)
    true, own = gradient["gradient"](x), gradient["own"](x)
    np.testing.assert_allclose(ends["slope"], np.abs(true).sum(-1).mean(-1))
    np.testing.assert_array_equal(ends["zero"], 0)
    np.testing.assert_allclose(ends["error"], run.history.test_error[-1], rtol=1e-6)
    lengths = np.linalg.norm(true, axis=-1) * np.linalg.norm(own, axis=-1)
    angle = np.degrees(np.arccos(((true * own).sum(-1) / lengths).mean(-1)))
    np.testing.assert_allclose(ends["own_angle"], angle)
    logits = run.network.logits(run.params, x)
    for seed in (0, 1):
        distances = []
        for image, label in enumerate(labels):
            others = np.delete(logits[seed, image], label).max()
            if logits[seed, image, label] > others:
                path = np.abs(gradient["margin"](x)[seed, image]).sum()
                distances.append((logits[seed, image, label] - others) / path)
        assert ends["distance"][seed] == pytest.approx(np.median(distances))


def test_a_gradient_of_zero_is_counted():
    run = onward("bp")
    for layer in run.params:
        layer.weights[...] = 0
    ends = attacks.at_the_images(run, 20)
    np.testing.assert_array_equal(ends["zero"], 100)


def test_images_are_shown_to_the_network_of_the_next_seed():
    runs = {name: onward(name, seeds=(0, 1, 2)).fit(1) for name in ("bp", "dfa")}
    found = attacks.transfers(runs, 0.4, LIMITS, 20)["own"]
    x, targets, labels = batch(runs["dfa"])
    made = attacks.moved(x, attacks.ways(runs["dfa"], targets, 0)["own"], 0.4, LIMITS)
    for seed in range(3):
        shown = np.broadcast_to(made[seed - 1], (3, *x.shape))
        called = runs["bp"].network.predict(runs["bp"].params, shown)[seed]
        assert found["dfa"]["bp"][seed] == pytest.approx(100 * np.mean(called != labels))
    still = onward("bp", seeds=(0, 1, 2), frozen={0, 1})
    passed = attacks.transfers(runs | {"last": still}, 0.4, LIMITS, 20)
    assert list(passed["own"]) == ["bp", "dfa"] and list(passed["gradient"]) == [*runs, "last"]
    np.testing.assert_array_equal(passed["own"]["bp"]["dfa"], passed["gradient"]["bp"]["dfa"])


@pytest.mark.parametrize("other", ["torch", "strict"])
def test_attacks_are_the_same_on_every_array_library(other):
    for rule in ("bp", "kp", "ss", "dfa"):
        run = onward(rule).fit(1)
        theirs = onward(rule, backend=BACKENDS[other]).fit(1)
        expected = attacks.errors_under_attack(run, *AT) | attacks.at_the_images(run, 20)
        found = attacks.errors_under_attack(theirs, *AT) | attacks.at_the_images(theirs, 20)
        for name in expected:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, err_msg=name)
        measured = theirs.data.backend.to_host(attacks.fooled(0.4, LIMITS, 20)(theirs))
        np.testing.assert_allclose(measured, attacks.fooled(0.4, LIMITS, 20)(run))
        table = attacks.transfers({"one": theirs}, 0.4, LIMITS, 20)["own"]
        expected = attacks.transfers({"one": run}, 0.4, LIMITS, 20)["own"]
        np.testing.assert_allclose(table["one"]["one"], expected["one"]["one"])


# What is shown and said.


def test_one_picture_is_attacked_that_all_get_right():
    data = random_dataset()
    runs = {name: onward(name, data=data).fit(3) for name in ("bp", "dfa")}
    runs[ALONE] = onward("bp", data=data, frozen={0, 1}).fit(3)
    shown, truth = attacks.pictures(runs, 0.4, 3, LIMITS)
    assert list(shown) == ["as it is", *ATTACKS]
    assert {called for _, called in shown["as it is"].values()} == {truth}
    assert list(shown["own"]) == ["bp", "dfa"]
    (picture, _), (moved, _) = shown["as it is"]["bp"], shown["gradient"]["bp"]
    assert picture.shape == (1, 6) and 0 < np.abs(moved - picture).max() < 0.4 + 1e-9
    for run in runs.values():
        for layer in run.params:
            layer.weights[...] = 0
        run.params[-1].biases[...] = [-1.0, -1.0, -1.0]
    runs["bp"].params[-1].biases[..., 0], runs["dfa"].params[-1].biases[..., 1] = 1.0, 1.0
    with pytest.raises(ValueError, match="runs must be right on one of the first 20"):
        attacks.pictures(runs, 0.4, 3, LIMITS, among=20)


@pytest.fixture
def records(monkeypatch):
    """What is recorded outside a notebook, by name."""
    kept = {}

    def keep(name, value):
        kept[name] = json.loads(json.dumps(value, default=lambda a: np.asarray(a).tolist()))

    for room in ("dfa_utils.studies.attacks_report", "dfa_utils.chapter.verdicts"):
        monkeypatch.setattr(f"{room}.record", keep)
    monkeypatch.setattr("dfa_utils.chapter.records.record", keep)
    return kept


def table(**rows):
    """Return errors by rule and attack at two epsilons, three seeds each."""
    spread = np.array([0.0, 0.1, -0.1])
    return {
        rule: {name: [[5 + e for e in spread], [v + e for e in spread]] for name, v in row.items()}
        | {"zero": [0, 0, 0], "error": [2.0, 2.1, 1.9], "rate": 0.1}
        for rule, row in rows.items()
    }


BASE = {"noise": 10, "own": 60, "half": 60, "gradient": 60, "steps": 70, "margin": 72, WORST: 97}


def test_what_is_only_masked_is_told_from_what_is_robust(records, capsys):
    masked = BASE | {"own": 10, "half": 50}
    robust = BASE | {"own": 20, "gradient": 20, "steps": 25, "margin": 25, WORST: 25}
    found = table(BP=BASE, FA=masked, DFA=robust)
    found[ALONE] = table(last=BASE | {"own": np.nan, "half": np.nan, WORST: 99})["last"]
    attacks_report.judge_attacks(found, 1)
    assert records["holds_fa_looks"] and not records["holds_fa_harder"]
    assert records["holds_fa_hides"] and not records["holds_fa_own"]
    assert records["holds_dfa_looks"] and records["holds_dfa_harder"]
    assert not records["holds_dfa_hides"] and records["holds_dfa_own"]
    assert records["holds_last_layer_easier"] and "holds_last_layer_looks" not in records
    attacks_report.judge_attacks(found, 1, "again_")
    assert records["holds_again_fa_looks"]
    assert "does not hold | FA: is harder to fool than BP" in capsys.readouterr().out
    attacks_report.judge_checks(found, 1)
    assert records["holds_bp_check_ends"] and not records["holds_dfa_check_ends"]
    assert records["holds_bp_check_steps"] and records["holds_bp_check_zero"]
    found["BP"]["zero"] = [0, 1, 0]
    found["BP"]["steps"] = found["BP"]["margin"] = found["BP"]["noise"]
    attacks_report.judge_checks(found, 1)
    assert not records["holds_bp_check_zero"] and not records["holds_bp_check_steps"]


def test_what_is_passed_on_is_judged_beside_random_signs(records):
    found = table(BP=BASE, FA=BASE)
    passed = {
        "BP": {"BP": [30, 31, 32], "FA": [30, 31, 32]},
        "FA": {"BP": [10, 9, 11], "FA": [9] * 3},
    }
    attacks_report.judge_transfers({"gradient": passed}, found, 1)
    assert records["holds_gradient_bp_to_fa"] and not records["holds_gradient_fa_to_bp"]
    assert "holds_gradient_fa_to_fa" not in records


def test_a_run_is_recorded_and_its_row_drawn(records, capsys):
    run = onward("dfa").fit(2, measure={"fooled": attacks.fooled(0.1, LIMITS, 20)})
    errors, ends = attacks.errors_under_attack(run, *AT), attacks.at_the_images(run, 20)
    row = attacks_report.record_attacks("DFA", run, errors, ends | {"rate": 0.5}, 1)
    assert np.shape(records["dfa_fooled_curve"]) == (3, 2) and row["rate"] == 0.5
    assert np.shape(records["dfa_test_error_curve"]) == (2, 2)
    np.testing.assert_allclose(records["dfa_fooled_curve"][-1], errors["gradient"][0])
    assert "dfa      worst error" in capsys.readouterr().out
    rows = {"DFA": row, ALONE: row | {"own": np.full((2, 2), np.nan)}}
    panels = attacks_report.panels_of(rows)
    titles = ["random signs", "the rule's own way", "the gradient, one step", "the worst of all"]
    assert list(panels) == titles
    assert list(panels[titles[1]]) == ["DFA"] and list(panels[titles[3]]) == ["DFA", ALONE]
    np.testing.assert_allclose(panels[titles[3]]["DFA"][1:], errors[WORST])
    np.testing.assert_allclose(panels[titles[3]]["DFA"][0], ends["error"], atol=1e-4)
    json_like = json.loads(json.dumps(rows, default=np.ndarray.tolist))
    lines = attacks_report.attack_rows(json_like, 1).splitlines()
    assert lines[:2] == ["| | DFA | last layer |", "| --- | ---: | ---: |"]
    assert len(lines) == 4 + len(ATTACKS) and lines[4].endswith("| - |")
    mean, spread = errors[WORST][1].mean(), errors[WORST][1].std(ddof=1)
    assert f"| the worst of all | {mean:.1f}\u00a0±\u00a0{spread:.1f} |" in lines[-1]
    ends = attacks_report.end_rows(json_like).splitlines()
    assert ends[-1] == "| learning rate | 0.5 | 0.5 |" and len(ends) == 2 + len(attacks_report.ENDS)
    passed = {"DFA": {"DFA": [20, 30], ALONE: [5, 5]}}
    lines = attacks_report.transfer_rows(passed, json_like, 1).splitlines()
    assert lines[2] == "| made on DFA | 25.0\u00a0±\u00a07.1 | 5.0\u00a0±\u00a00.0 |"
    assert len(lines) == 4 and lines[3].startswith("| random signs |")
    stored = StoredRun.__new__(StoredRun)
    stored.records = records | {"attacked": {"DFA": row}}
    course = attacks_report.courses_of(stored)["DFA"]
    assert course.shape == (3, 2, 2) and np.isnan(course[0, :, 0]).all()
    np.testing.assert_allclose(course[1:, :, 0], run.history.test_error, atol=1e-4)
    np.testing.assert_allclose(course[:, :, 1], records["dfa_fooled_curve"])


def test_the_judged_epsilon_is_one_of_the_row():
    for given in ([0.3, 0.1], [0.2, 0.3, 0.1]):
        row = attacks.row_of({"attack_epsilons": given, "judged_epsilon": 0.2})
        assert row == ([0.1, 0.2, 0.3], 1)
