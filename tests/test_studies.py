"""What single chapters compute: lazy networks, two tasks, noise before images, features."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from dfa_utils import BP, DFA, SGD, Network, Recipe, Run, UniformFanIn, load_dataset
from dfa_utils.alignment import linear_cka
from dfa_utils.chapter.verdicts import StoredRun
from dfa_utils.history import History
from dfa_utils.studies import before, features, features_report, lazy, tasks


@pytest.fixture(scope="module")
def digits():
    """Few images, in double precision."""
    return load_dataset("digits", backend="numpy", train_samples=60, dtype="float64")


@pytest.fixture
def records(monkeypatch):
    """What is recorded outside a notebook, by name."""
    found = {}

    def record(name, value):
        found[name] = json.loads(json.dumps(np.asarray(value).tolist()))

    for room in (before, features_report, lazy, tasks):
        monkeypatch.setattr(room, "record", record, raising=False)
    return found


def stored(records, **parameters):
    """Return a stored run with these records."""
    run = StoredRun.__new__(StoredRun)
    run.name, run.records, run.parameters, run.shown = "some", records, parameters, set()
    return run


# Lazy networks.


def learned(digits, scale, rule, rate=0.1):
    """Return a run of a scaled network, at the rate that fits the scale."""
    plain = Network.between(digits, [8, 8])
    start = plain.draw([0, 1], UniformFanIn(), backend="numpy", dtype="float64")
    network = lazy.Learned(plain.sizes, start=start, output_scale=scale)
    recipe = Recipe(rule, SGD(rate * scale), "cross_entropy", batch_size=20)
    return Run(network, recipe, digits, [0, 1], params=start)


def test_a_scaled_network_says_nothing_before_it_has_learned(digits):
    run = learned(digits, 0.01, BP())
    assert not run.network.logits(run.params, digits.test_images).any()


@pytest.mark.parametrize("scale", [0.1, 1.0, 2.0])
def test_the_step_of_a_scaled_network_is_the_gradient_in_torch(digits, scale):
    """With the rate times the square of the scale, of the loss of the scaled output."""
    torch = pytest.importorskip("torch")
    run = learned(digits, scale, BP())
    run.recipe = Recipe(BP(), SGD(0.1 * scale), "cross_entropy", batch_size=60)
    start = [[torch.tensor(np.array(a)) for a in layer] for layer in run.network.start]
    leaves = [[a.clone().requires_grad_() for a in layer] for layer in start]
    x = torch.tensor(digits.train_images)

    def forward(layers):
        h = x
        for number, (weights, biases) in enumerate(layers):
            h = h @ weights + biases
            h = torch.tanh(h) if number < 2 else h
        return h

    outputs = (forward(leaves) - forward(start)) / scale
    targets = torch.tensor(digits.train_labels).expand(2, -1)
    loss = torch.nn.functional.cross_entropy(
        outputs.flatten(0, 1), targets.flatten(), reduction="sum"
    )
    (loss / 60).backward()
    run.fit(1)
    for layer, leaf in zip(run.params, leaves, strict=True):
        for array, parameter in zip(layer, leaf, strict=True):
            expected = (parameter - 0.1 * scale**2 * parameter.grad).detach().numpy()
            np.testing.assert_allclose(array, expected, rtol=0, atol=1e-12)


def test_a_distance_is_relative_to_the_second(digits):
    one, other = np.full((2, 3, 4), 3.0), np.full((2, 3, 4), 2.0)
    np.testing.assert_allclose(lazy.distance(digits.backend, one, other), [0.5, 0.5])


def test_runs_are_compared(digits, records):
    runs = {name: learned(digits, 1.0, BP()).fit(1) for name in ("last", "bp")}
    runs["dfa"] = learned(digits, 1.0, DFA()).fit(1)
    found = lazy.record_comparisons("scale", [runs, runs])
    assert np.array(records["scale_dfa_moved_curve"]).shape == (2, 2)
    assert not found["bp_from_last"].any() and (found["dfa_from_bp"] > 0).all()
    moved = runs["dfa"].network.features(runs["dfa"].params, digits.test_images)[-1]
    then = runs["dfa"].network.features(runs["dfa"].network.start, digits.test_images)[-1]
    expected = [np.linalg.norm(m - t) / np.linalg.norm(t) for m, t in zip(moved, then, strict=True)]
    np.testing.assert_allclose(found["dfa_moved"], [expected, expected], atol=1e-6)


def test_claims_on_lazy_networks_are_judged(records, capsys, monkeypatch):
    monkeypatch.setattr("dfa_utils.chapter.verdicts.record", records.__setitem__)
    seeds = np.array([1.0, 1.01, 0.99])
    for name, last in (("bp", 1.0), ("fa", 0.1), ("copied", 1.0), ("dfa", 0.1)):
        records[f"scale_{name}_moved_curve"] = [0.1 * seeds, (2 + (name == "fa")) * seeds]
        records[f"width_{name}_from_last_curve"] = [seeds, last * seeds]
        records[f"width_{name}_error_curve"] = [9 * seeds, 9 * seeds]
    records["width_copied_from_bp_curve"] = [[0.001] * 3] * 2
    records["scale_last_error_curve"] = records["width_last_error_curve"] = [9 * seeds] * 2
    records["scale_dfa_error_curve"] = [9 * seeds, 5 * seeds]
    names = {"BP": "bp", "FA": "fa", "FA, copied": "copied", "DFA": "dfa"}
    lazy.judge_claims(stored(records, widths=[1, 10]), names)
    assert "does not hold" not in capsys.readouterr().out
    assert records["holds_dfa_rich"] and records["holds_less_more"] and records["holds_copied_bp"]
    records["width_copied_from_bp_curve"][0][0] = 0.02
    records["width_dfa_from_last_curve"] = [seeds, seeds]
    lazy.judge_claims(stored(records, widths=[1, 10]), names)
    assert not records["holds_copied_bp"] and not records["holds_dfa_last"]
    assert "goes as the width to the power" in capsys.readouterr().out


# Two tasks.


def test_a_curve_is_read_where_the_other_passes_a_level():
    falling = [[80.0, 80.0, 10.0], [30.0, 70.0, 9.0], [10.0, 60.0, 8.0]]
    other = [[2.0, 1.0, 5.0], [10.0, 2.0, 6.0], [20.0, 3.0, 7.0]]
    np.testing.assert_allclose(tasks.left_at(20.0, falling, other), [15.0, np.nan, np.nan])
    assert tasks.left_at(30.0, falling, other)[0] == 10.0


def test_what_a_stopped_seed_leaves_behind_is_no_level():
    falling, other = [[80.0], [10.0], [np.nan]], [[1.0], [8.0], [np.nan]]
    np.testing.assert_allclose(tasks.left_at(45.0, falling, other), [4.5])


def test_the_error_on_another_task_is_measured(digits):
    first, second = digits.of_classes(range(5)), digits.of_classes(range(5, 10))
    run = Run(Network.between(first, [8]), Recipe(BP(), SGD(0.1)), second, [0, 1])
    run.fit(1, measure={"first": tasks.error_on(first), "second": tasks.error_on(second)})
    np.testing.assert_allclose(run.measured["second"][-1], run.history.test_error[-1])
    logits = run.network.logits(run.params, first.test_images)
    wrong = np.argmax(logits, axis=-1) != first.test_labels
    np.testing.assert_allclose(run.measured["first"][-1], 100 * wrong.mean(axis=-1))


def test_tasks_are_recorded_and_judged(records, capsys, monkeypatch):
    monkeypatch.setattr("dfa_utils.chapter.verdicts.record", records.__setitem__)
    measured = {"second": [[80.0, 82.0], [10.0, 8.0]], "first": [[1.0, 2.0], [20.0, 21.0]]}
    run = SimpleNamespace(measured=measured, history=SimpleNamespace(epochs_run=np.array([1, 1])))
    found = tasks.record_tasks("dfa", [(run, np.array([[80.0, 60.0], [70.0, 50.0]]))], [20.0, 10.0])
    np.testing.assert_allclose(found["angle"], [[70.0, 60.0]])
    assert records["dfa_left_curve"][0][1][0] == 20.0
    for quantity in ("left", "before", "epochs", "angle"):
        records[f"bp_{quantity}_curve"] = (np.array(records[f"dfa_{quantity}_curve"]) + 9).tolist()
    tasks.judge_tasks(stored(records, sgd_rates=[0.1]), {"BP": "bp", "DFA": "dfa"})
    assert records["stored_rate_0_bp_or_dfa"] == "dfa"
    assert "bp or dfa: dfa is ahead" in capsys.readouterr().out


# Noise before images.


def test_noise_has_the_form_of_the_data(digits):
    noise, again, other = (before.noise_like(digits, number) for number in (1, 1, 2))
    assert noise.train_images.shape == digits.train_images.shape
    assert noise.train_images.dtype == noise.train_targets.dtype == np.float64
    np.testing.assert_array_equal(noise.train_images, again.train_images)
    assert (noise.train_images != other.train_images).all()
    np.testing.assert_array_equal(noise.train_targets.argmax(axis=1), noise.train_labels)
    assert noise.test_images is digits.test_images


def test_noise_is_normal_and_its_labels_are_balanced():
    noise = before.noise_like(load_dataset("digits", backend="numpy"), 0)
    assert abs(noise.train_images.mean()) < 0.02 and abs(noise.train_images.std() - 1) < 0.02
    counts = np.bincount(noise.train_labels, minlength=10)
    assert (abs(counts - counts.mean()) < 5 * np.sqrt(counts.mean())).all()


def test_both_angles_are_measured(digits):
    for rule in (DFA(), BP()):
        network = Network.between(digits, [8, 8])
        run = Run(network, Recipe(rule), digits, [0, 1, 2], weights=UniformFanIn())
        angles = before.angles(run)
        assert angles.shape == (3, 2, 2)
        assert np.isnan(angles[:, 1]).all() == (rule.name == "BP")


def test_a_course_is_recorded_and_judged(records, capsys, monkeypatch):
    monkeypatch.setattr("dfa_utils.chapter.verdicts.record", records.__setitem__)
    angles = np.full((3, 2, 2, 2), 80.0)
    errors = np.array([[9.0, 9.1], [5.0, 5.2]])
    for rule in ("bp", "fa", "dfa"):
        for way, more in (("none", 3), ("noise", 0), ("other", 1), ("noise_before", 0)):
            history = SimpleNamespace(test_error=errors + more)
            run = SimpleNamespace(history=history, measured={"angles": list(angles)})
            if rule != "bp" or way != "other":
                before.record_course(f"{rule}_{way}", run)
    whole = stored(records, num_epochs=2)
    before.judge_noise(whole)
    assert "does not hold" not in capsys.readouterr().out
    assert records["holds_dfa_by_alignment"] and records["holds_bp_faster"]
    curves = before.errors_by_rule(whole, ("bp", "fa"))
    assert curves["noise first"].shape == (3, 2, 2)
    assert np.isnan(curves["noise, other matrices"][:, :, 0]).all()


# What networks see.

NAMES = ["BP", "FA", "DFA", "untrained"]


@pytest.fixture(scope="module")
def taught():
    """Three networks for each rule, of digits with validation images."""
    data = load_dataset("digits", backend="numpy", train_samples=300, validation_samples=100)
    network, start = Network.between(data, [8, 6]), {"weights": UniformFanIn()}
    runs = {}
    for name, rule in features.TAUGHT.items():
        frozen = {0, 1} if name == features.UNTRAINED else ()
        run = Run(network, Recipe(rule, SGD(0.3)), data, [0, 1, 2], frozen=frozen, **start)
        runs[name] = run.fit(2)
    return runs


def test_a_probe_is_the_regression_of_the_ridge_that_validation_chooses():
    """By a direct solution; the labels of the test images, or their scale, choose nothing."""
    rng = np.random.default_rng(0)
    labels = [rng.integers(0, 3, n) for n in (24, 30, 200)]
    sets = [rng.standard_normal((len(y), 20)) + np.eye(3, 20)[y] for y in labels]
    own = sets[0]
    mean, deviation = own.mean(axis=0), own.std(axis=0)
    a, b, c = ((x - mean) / deviation for x in sets)
    targets = 2 * np.eye(3)[labels[0]] - 1
    errors = []
    for ridge in features.RIDGES:
        weights = np.linalg.solve(a.T @ a + ridge * len(a) * np.eye(20), a.T @ targets)
        found = [(x @ weights + targets.mean(axis=0)).argmax(axis=1) for x in (b, c)]
        errors.append([np.mean(f != y) for f, y in zip(found, labels[1:], strict=True)])
    chosen = np.argmin([validation for validation, _ in errors])
    assert len({test for _, test in errors}) > 1, "the choice matters"
    found = features.probe_errors([x[None] for x in sets], labels)
    np.testing.assert_allclose(found, [100 * errors[chosen][1]])


def test_probes_are_recorded(taught, records, monkeypatch, capsys):
    kept = {}
    monkeypatch.setattr(
        features_report, "record_errors", lambda p, q, e: kept.update({f"{p}_{q}": e})
    )
    errors = features_report.record_probes(taught)
    assert list(errors) == NAMES and errors["DFA"].shape == (3, 2)
    np.testing.assert_array_equal(kept["probe_dfa_layer_2_error"], errors["DFA"][:, 1])
    assert 0 < records["probe_pixels_error"] < 60 and len(kept) == 8
    found = stored({f"{k}_per_seed": e for k, e in kept.items()}, hidden_sizes=[8, 6])
    for name, values in features_report.stored_probes(found).items():
        np.testing.assert_array_equal(values, errors[name])
    features_report.record_networks(taught)
    assert records["dfa_rate"] == 0.3 and kept["untrained_test_error"].shape == (3,)
    features_report.show_networks(stored({f"{k}_per_seed": e for k, e in kept.items()} | records))
    lines = capsys.readouterr().out.splitlines()[-5:]
    assert [line.split()[0] for line in lines] == [*NAMES, "pixels"] and lines[2].count("±") == 2


def test_units_are_chosen_by_what_the_trained_networks_make_of_them(taught):
    weights = features.first_weights(taught, 3)
    shares = 0
    for name in NAMES[:3]:
        above = taught[name].params[1].weights[0]
        shares = shares + (above**2).sum(axis=1) / (above**2).sum()
    units = np.argsort(shares)[::-1][:3]
    for name, run in taught.items():
        np.testing.assert_array_equal(weights[name], run.params[0].weights[0][:, units].T)


def test_mistakes_are_counted_for_each_two_networks(taught):
    wrong = features.wrong_images(taught)
    np.testing.assert_allclose(
        100 * wrong[2].mean(axis=-1), taught["DFA"].history.test_error[-1], rtol=1e-6
    )
    both = features.both_wrong(wrong)
    counts, apart = features.right_and_wrong(both), features.one_wrong(both)
    for a, b in (((0, 1), (2, 0)), ((3, 2), (3, 0)), ((1, 1), (1, 1))):
        assert both[*a, *b] == np.sum(wrong[a] & wrong[b])
        assert counts[*a, *b] == np.sum(~wrong[a] & wrong[b])
        assert apart[*a, *b] == np.sum(wrong[a] != wrong[b])


def test_the_images_that_divide_two_rules_come_first(taught):
    wrong = np.zeros((2, 3, 6), bool)
    wrong[1, :2, 4] = wrong[1, 0, 2] = wrong[1, 0, 5] = wrong[0, :, 1] = wrong[:, :, 3] = True
    runs = {name: taught[name] for name in ("BP", "DFA")}
    rows, captions = features.most_divided(runs, wrong, "BP", "DFA", 3)
    images = runs["BP"].data.test_images
    np.testing.assert_array_equal(rows["BP right,\nDFA wrong"], images[[4, 2, 5]])
    assert captions["BP right,\nDFA wrong"] == ["3:1", "3:2", "3:2"]
    assert captions["DFA right,\nBP wrong"][0] == "3:0"


def test_the_last_layer_is_embedded_beside_its_probe(taught):
    clouds, labels = features.embed_last(taught, dict.fromkeys(NAMES, np.array([[9.0, 1.26]])), 20)
    assert list(clouds) == [f"{name}, probe 1.3 %" for name in NAMES]
    assert clouds["DFA, probe 1.3 %"].shape == (20, 2)
    np.testing.assert_array_equal(labels, taught["BP"].data.test_labels[:20])


def test_every_rule_is_taught_at_the_rate_that_validation_chooses(taught):
    """That of the first seed alone; each rate is tried once."""
    asked = []

    def teach(name, rate, which):
        asked.append((name, rate, which))
        errors = np.array([[10.0 + abs(rate - (0.1 if name == "FA" else 0.3))]])
        history = History((0,), np.array([1]), *[errors] * 6)
        return SimpleNamespace(history=history)

    runs = features.teach_each(teach, [0.1, 0.3], [5, 6])
    assert list(runs) == NAMES and len(asked) == 12
    assert [a for a in asked if a[2] == [5, 6]] == [
        (name, 0.1 if name == "FA" else 0.3, [5, 6]) for name in NAMES
    ]


def test_all_pairs_of_layers_are_compared(taught):
    tables = features.similarities(taught)
    assert tables.shape == (2, 4, 3, 4, 3)
    np.testing.assert_allclose(tables, np.transpose(tables, (0, 3, 4, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(np.einsum("lasas->las", tables), 1, atol=1e-5)
    images = taught["BP"].data.test_images
    layers = [taught[n].network.features(taught[n].params, images)[1] for n in ("FA", "untrained")]
    assert tables[1, 1, 2, 3, 0] == pytest.approx(linear_cka(layers[0][2], layers[1][0]), abs=1e-5)


def test_layers_are_compared_within_the_classes(taught):
    data, layers = taught["BP"].data, []
    for name in ("BP", "DFA"):
        layer = taught[name].network.features(taught[name].params, data.test_images)[0][1].copy()
        for k in range(10):
            layer[data.test_labels == k] -= layer[data.test_labels == k].mean(axis=0)
        layers.append(layer)
    found = features.similarities(taught, within=True)[0, 0, 1, 2, 1]
    assert found == pytest.approx(linear_cka(*layers), abs=1e-5)


def test_a_table_is_read_by_kinds_of_pairs():
    table = np.random.default_rng(0).random((4, 3, 4, 3))
    table = table + np.transpose(table, (2, 3, 0, 1))
    kinds = features.by_kind(table, "BP", "FA")
    expected = [(table[0, 1, 0, k] + table[1, 1, 1, k]) / 2 for k in (0, 2)]
    assert kinds["same rule"][1] == pytest.approx(np.mean(expected))
    expected = [(table[0, 1, 1, k] + table[1, 1, 0, k]) / 2 for k in (0, 2)]
    assert kinds["other rule"][1] == pytest.approx(np.mean(expected))
    assert kinds["other rule, same start"][1] == table[0, 1, 1, 1]


def block(values, rng, seeds=5):
    """Return a table with a value for each two rules, and a little noise."""
    noise = 0.001 * rng.standard_normal((len(values), seeds, len(values), seeds))
    table = np.array(values)[:, None, :, None] + noise
    return table + np.transpose(table, (2, 3, 0, 1))


def test_rules_beyond_their_seeds_are_found(records):
    """And no others: FA sees what DFA sees, BP something else."""
    ones = np.array([[9.0, 5, 5, 2], [5, 9, 9, 2], [5, 9, 9, 2], [2, 2, 2, 9]])
    tables = {"layer 1": block(ones, np.random.default_rng(0))}
    text = features_report.judge_pairs("cka", tables, 1, 2)
    assert records["holds_cka_bp_dfa_layer_1"] and not records["holds_cka_fa_dfa_layer_1"]
    assert not records["holds_cka_bp_dfa_layer_1_start"]
    assert "| layer 1: BP, DFA | 18.00" in text and "yes, by 8.00" in text
    table = block(ones, np.random.default_rng(0))
    for seed in range(5):
        table[0, seed, 2, seed] += 1
    features_report.judge_pairs("start", {"": table}, 1, 2)
    assert records["holds_start_bp_dfa_start"] and not records["holds_start_bp_fa_start"]


def test_mistakes_of_another_kind_are_found(records):
    """A rule that makes the same mistakes more often makes none of another kind."""
    rng = np.random.default_rng(0)
    hard = rng.random(20_000) ** 4 / 2
    shares = {"BP": hard, "FA": 1.5 * hard, "DFA": rng.permutation(hard), "untrained": 2 * hard}
    wrong = np.stack([rng.random((5, hard.size)) < p for p in shares.values()])
    both = features.both_wrong(wrong)
    features_report.judge_mistakes(both)
    held = {name: records[f"holds_kind_{name}"] for name in ("bp_fa", "bp_dfa", "bp_untrained")}
    assert held == {"bp_fa": False, "bp_dfa": True, "bp_untrained": False}
    features_report.judge_pairs("apart", {"": features.one_wrong(both)}, -1, 0)
    assert records["holds_apart_bp_untrained"] and records["holds_apart_bp_dfa"]


def test_probe_errors_are_judged_beside_those_of_bp(records):
    bp, small = np.array([[3.0], [3.2], [3.1]]), np.array([[0.01], [0.0], [-0.01]])
    wide = np.array([[1.0], [-1.2], [0.9]])
    errors = {"BP": bp, "FA": bp + 0.2 + small, "DFA": bp + 5 * small, "untrained": bp + wide}
    text = features_report.judge_probes(errors)
    words = [records[f"stored_probe_{name}_layer_1"] for name in ("fa", "dfa", "untrained")]
    assert words == ["higher", "equal", "open"] and "+0.20" in text


def test_tables_are_recorded_and_shown(taught, records):
    wrong = features.wrong_images(taught)
    features_report.record_tables(taught, wrong)
    assert records["test_images"] == wrong.shape[-1]
    assert np.array(records["cka_within"]).shape == (2, 4, 3, 4, 3)
    tables = features_report.stored_tables(stored(records))
    assert list(tables["cka_within"]) == ["layer 1, within", "layer 2, within"]
    np.testing.assert_array_equal(
        tables["one_wrong"][""], features.one_wrong(features.both_wrong(wrong))
    )
    shown = features_report.kinds_by_pair(tables["cka"])["BP, DFA"]["other rule"]
    found = features.by_kind(tables["cka"]["layer 2"], "BP", "DFA")["other rule"]
    np.testing.assert_array_equal(shown[:, 1], found)


def test_bp_that_stops_where_dfa_ended_is_compared_with_it(taught, records, capsys):
    """Here BP stops after as many epochs as it takes to come down to what DFA has reached."""

    def teach(name, rate, which, stop):
        run = taught[name]
        assert (name, rate, which) == ("BP", 0.3, run.seeds)
        again = Run(run.network, run.recipe, run.data, run.seeds, weights=UniformFanIn())
        return again.fit(30, stop)

    text = features_report.compare_early(teach, taught)
    _, early, dfa = capsys.readouterr().out.splitlines()
    assert early.startswith("early BP train error") and dfa.startswith("DFA ")
    lines = text.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:4]] == [
        "layer 1: BP, DFA",
        "layer 1: early BP, DFA",
    ]
    assert len(lines) == 12 and lines[-1].startswith("| mistakes: early BP, DFA |")
    group = {name: taught[name] for name in ("BP", "DFA")}
    level = SimpleNamespace(last=lambda _: np.zeros(2))
    two = group | {"DFA": SimpleNamespace(history=level)}
    assert "Three seeds" in features_report.compare_early(teach, two)
    assert {"holds_live_early_bp_dfa_layer_2_within", "holds_live_bp_dfa_mistakes"} <= set(records)


def test_a_seed_has_caught_up_at_its_own_level():
    run = SimpleNamespace(curves=[{"train_error": np.array([9.0, 5.0, 4.0])}])
    run.running = np.array([0, 2])
    assert features.caught_up(run, np.array([9.0, 1.0, 3.0])).tolist() == [True, False]
