"""A run as a thing: it goes on, it branches, it measures, and refuses what does not belong."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_data import (
    SIZES,
    STRICT,
    assert_same_run,
    bits,
    random_dataset,
    small_run,
)
from test_training import SEEDS, SETTINGS, STOPPING

from dfa_utils import (
    BP,
    DFA,
    FA,
    RULES,
    SGD,
    History,
    Momentum,
    Network,
    Normal,
    Recipe,
    RMSprop,
    Run,
    Zeros,
    error_angles,
)
from dfa_utils.array.tree import leaves
from dfa_utils.network import Layer
from dfa_utils.optimizers import Constant

BY_RULE = pytest.mark.parametrize("rule", RULES)
BY_SETTING = pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
ANGLES = {"angles": error_angles}


@BY_RULE
@BY_SETTING
def test_five_epochs_and_five_are_ten(rule, settings):
    whole = small_run(rule, **settings).fit(10, measure=ANGLES)
    halves = small_run(rule, **settings).fit(5, measure=ANGLES).fit(10, measure=ANGLES)
    assert bits(halves) == bits(whole)
    assert len(whole.measured["angles"]) == 11


def test_a_run_that_stands_at_an_epoch_already_stays_as_it_is():
    def never(*_):
        raise AssertionError

    for stop in (None, 4.0):
        run = small_run(seeds=SEEDS, **STOPPING).fit(30, stop=stop, measure=ANGLES)
        before = bits(run)
        for until in (30, 29, 0):
            assert run.fit(until, stop=stop, measure=ANGLES, report=never) is run
        assert bits(run) == before


def test_no_epoch_leaves_the_networks_as_they_were():
    run, fresh = small_run().fit(0), small_run()
    assert run.history.train_error.shape == (0, 2)
    assert np.isnan(run.history.last("test_error")).all()
    assert run.history.held("test_error").shape == (0, 2)
    assert bits(run) == bits(fresh)


def test_a_report_sees_each_epoch_once():
    seen = []
    small_run().fit(3, report=lambda run, until: seen.append((run.epoch, until))).fit(3)
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("kind", [np.array, list, lambda which: np.array(which, "int64")])
def test_whoever_stops_may_be_asked(kind):
    def stop(run):
        return kind([run.epoch == 2 + place for place in run.running])

    history = small_run(seeds=SEEDS).fit(30, stop=stop).history
    assert history.epochs_run.tolist() == [2, 3, 4, 5]


def test_what_is_measured_begins_before_the_first_epoch_and_ends_with_its_seed():
    def first_weight(run):
        return run.state.params[0].weights[:, 0, 0]

    run = small_run(seeds=SEEDS, **STOPPING)
    start = run.params[0].weights[:, 0, 0].copy()
    run.fit(30, stop=4.0, measure={"weight": first_weight})
    weights, epochs = np.array(run.measured["weight"]), run.history.epochs_run
    assert weights.shape == (run.epoch + 1, 4)
    np.testing.assert_array_equal(weights[0], start)
    np.testing.assert_array_equal(weights[epochs, range(4)], run.params[0].weights[:, 0, 0])
    np.testing.assert_array_equal(np.isnan(weights).sum(axis=0), run.epoch - epochs)


def test_all_seeds_may_have_stopped_before_something_new_is_measured():
    run = small_run(seeds=SEEDS).fit(3, stop=100)
    assert run.epoch == 1 and not run.running.size
    angles = run.fit(4, measure=ANGLES).measured["angles"]
    assert len(angles) == 1 and np.isnan(angles).all()


def test_feedback_may_have_seeds_of_its_own():
    plain, same = small_run(), small_run(seeds=(5, 6), feedback_seeds=(0, 1))
    other, swapped = (small_run(feedback_seeds=seeds) for seeds in ((7, 1), (1, 0)))

    def equal(one, another, place, other_place):
        pairs = zip(leaves(one), leaves(another), strict=True)
        return [bool((a[place] == b[other_place]).all()) for a, b in pairs]

    assert all(equal(plain.params, other.params, 0, 0)), "other B under the same start"
    assert not any(equal(plain.feedback, other.feedback, 0, 0))
    assert all(equal(plain.feedback, other.feedback, 1, 1))
    assert all(equal(plain.feedback, same.feedback, 0, 0)), "the same B under another start"
    assert not any(equal(plain.params, same.params, 0, 0))
    assert all(equal(plain.feedback, swapped.feedback, 0, 1))
    # Shuffles follow the seed of the network: the only seed that BP knows.
    bp, bp_too = (small_run("bp", feedback_seeds=seeds).fit(2) for seeds in (None, (7, 8)))
    assert bits(bp) == bits(bp_too)


@BY_RULE
@BY_SETTING
def test_a_branch_that_keeps_everything_is_the_run_that_went_on(rule, settings):
    run = small_run(rule, **settings).fit(3)
    branch = run.branch(run.recipe, optimizer="keep")
    assert bits(branch) == bits(run)
    if type(run.recipe.optimizer.schedule) is Constant:  # other schedules begin anew
        assert bits(branch.fit(6)) == bits(run.fit(6))


@pytest.mark.parametrize("optimizer", [Momentum(0.1), RMSprop(0.01)])
def test_a_branch_goes_on_from_a_copy_and_leaves_its_parent_alone(optimizer):
    run = small_run("kp", optimizer=optimizer).fit(3)
    before, expected = bits(run), bits(small_run("kp", optimizer=optimizer).fit(6))
    fresh, kept = run.branch(run.recipe), run.branch(run.recipe, optimizer="keep")
    assert all(not array.any() for array in leaves([fresh.state.slots, fresh.state.feedback_slots]))
    assert bits(kept.fit(6)) == expected != bits(fresh.fit(6))
    for branch in (fresh, kept):
        assert branch.history.epochs.tolist() == [1, 2, 3, 4, 5, 6]
        np.testing.assert_array_equal(branch.history.test_loss[:3], run.history.test_loss)
    assert bits(run) == before
    assert bits(run.fit(6)) == expected


def test_a_branch_draws_feedback_only_where_rule_or_feedback_seeds_are_others():
    run = small_run("kp").fit(3)  # its feedback is no longer what was drawn
    drawn = small_run("kp").feedback
    recipe = run.recipe
    cases = [
        (replace(recipe, optimizer=RMSprop(0.01)), None, run.feedback),
        (recipe, (0, 1), run.feedback),
        (replace(recipe, rule=FA(Normal(0.7))), None, drawn),
        (recipe, (1, 0), [matrix[::-1] for matrix in drawn]),
        (replace(recipe, rule=DFA(Normal(0.7))), None, small_run("dfa").feedback),
        (replace(recipe, rule=BP()), None, []),
    ]
    for recipe, seeds, expected in cases:
        branch = run.branch(recipe, feedback_seeds=seeds, frozen={0})
        for ours, theirs in zip(branch.feedback, expected, strict=True):
            np.testing.assert_array_equal(ours, theirs)
            assert not np.shares_memory(ours, theirs)
        for layer, other in zip(branch.params, run.params, strict=True):
            np.testing.assert_array_equal(layer.weights, other.weights)
        assert (branch.fit(4).params[0].weights == run.params[0].weights).all()


def test_seeds_that_had_stopped_go_on_in_a_branch():
    run = small_run(seeds=SEEDS, **STOPPING).fit(30, stop=4.0)
    last = run.history.epochs_run
    assert len(set(last)) > 1
    branch = run.branch(replace(run.recipe, rule=BP())).fit(run.epoch + 2)
    history = branch.history
    assert history.epochs_run.tolist() == [count + 2 for count in last]
    np.testing.assert_array_equal(history.last("test_error"), history.test_error[-1])
    held = history.held("test_error")
    first = last.argmin()
    assert (held[last[first] : run.epoch, first] == run.history.last("test_error")[first]).all()
    assert not np.isnan(history.test_error[run.epoch :]).any()


def test_a_seed_without_an_epoch_has_no_last_value():
    errors = np.array([[3.0, np.nan], [np.nan, np.nan], [2.0, 1.0], [np.nan, 4.0]])
    history = History((0, 1), np.arange(1, 5), *[errors] * 4)
    np.testing.assert_array_equal(history.last("test_error"), [2, 4])
    held = [[3, np.nan], [3, np.nan], [2, 1], [2, 4]]
    np.testing.assert_array_equal(history.held("test_loss"), held)
    with pytest.raises(ValueError, match=r"quantity must be one of .*, got 'seeds'"):
        history.last("seeds")


@pytest.mark.parametrize("place", ["training", "evaluation", "measurement", "report"])
def test_a_run_that_broke_off_amid_an_epoch_does_not_go_on_from_there(place, monkeypatch):
    """As by Jupyter's stop button: its networks are neither of this epoch nor of that."""
    run = small_run()

    def interrupt(*_):
        if run.epoch == 3:
            raise KeyboardInterrupt
        return np.zeros(2)

    arguments = {"report": {"report": interrupt}, "measurement": {"measure": {"m": interrupt}}}
    if place in ("training", "evaluation"):
        name = {"training": "gather", "evaluation": "totals"}[place]
        original = getattr(__import__("dfa_utils.training").training, name)
        monkeypatch.setattr(
            f"dfa_utils.training.{name}", lambda *args: (interrupt(), original(*args))[1]
        )
    with pytest.raises(KeyboardInterrupt):
        run.fit(5, **arguments.get(place, {}))
    monkeypatch.undo()
    for go_on in (lambda: run.fit(5), lambda: run.branch(run.recipe)):
        with pytest.raises(ValueError, match=r"run must be whole .* broke off amid epoch 3"):
            go_on()


@pytest.mark.parametrize("optimizer", [SGD(0.1), Momentum(0.1), RMSprop(0.01)])
def test_parameters_may_lie_in_memory_as_they_like(optimizer):
    """Such as the transposed weights of a layer of PyTorch."""
    plain = small_run().params
    expected = small_run(params=plain, optimizer=optimizer).fit(2)
    views = [
        lambda a: np.asfortranarray(a),
        lambda a: np.ascontiguousarray(a.mT).mT,
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    ]
    for view in views:
        params = [Layer(*map(view, layer)) for layer in plain]
        assert bits(small_run(params=params, optimizer=optimizer).fit(2)) == bits(expected)
    tensors = [Layer(*(torch.tensor(a.mT.copy()).mT for a in layer)) for layer in plain]
    run = small_run(params=tensors, optimizer=optimizer, backend="torch").fit(2)
    assert_same_run(run, expected, rtol=1e-9)


@BY_RULE
def test_training_leaves_the_parameters_that_it_was_given_as_they_are(rule):
    params = small_run(rule).params
    before = [array.copy() for array in leaves(params)]
    run = small_run(rule, params=params).fit(2)
    for old, given, new in zip(before, leaves(params), leaves(run.params), strict=True):
        np.testing.assert_array_equal(old, given)
        assert (old != new).any()


def changed(number, name, change):
    """Return parameters of which one array has been changed."""
    params = small_run().params
    params[number] = params[number]._replace(**{name: change(getattr(params[number], name))})
    return params


def with_nan(array):
    array = array.copy()
    array[0, 0, 0] = np.nan
    return array


@pytest.mark.parametrize(
    ("params", "text"),
    [
        (changed(0, "weights", lambda a: a.astype("float32")), "weights of layer 1 .* got float32"),
        (changed(1, "biases", lambda a: a.astype("float32")), "biases of layer 2 .* got float32"),
        (changed(1, "biases", lambda a: a.astype(int)), "biases of layer 2 .* got int64"),
        (changed(2, "weights", with_nan), "weights of layer 3 must be finite: some values are not"),
        (changed(2, "biases", with_nan), "biases of layer 3 must be finite"),
        (changed(0, "weights", torch.tensor), "weights of layer 1 must be an array of float64"),
        (changed(0, "weights", lambda a: a[:1]), r"weights of layer 1 .* got float64 \(1, 6, 5\)"),
        (changed(0, "biases", lambda a: a[0]), r"biases of layer 1 .* got float64 \(1, 5\)"),
        (small_run().params[:2], r"params must be 3 layers, got 2"),
        ([1, 2, 3], "params must be a list of Layer, got"),
    ],
)
def test_parameters_of_another_kind_are_refused_by_name(params, text):
    with pytest.raises(ValueError, match=text):
        small_run(params=params)


@pytest.mark.parametrize("backend", ["numpy", "torch", "strict"])
@pytest.mark.parametrize("part", ["train", "test", "validation"])
@pytest.mark.parametrize("kind", ["images", "targets"])
def test_data_of_another_kind_are_refused_by_name(part, kind, backend):
    name = f"{part}_{kind}"
    data = random_dataset({"strict": STRICT}.get(backend, backend), validation=9)
    host = data.backend.to_host(getattr(data, name))
    single = data.backend.asarray(host, "float32")
    infinite = data.backend.asarray(np.where(host == host.max(), np.inf, host))
    changes = {"must be finite: some values are not": infinite}
    if name != "train_images":  # which say what the type is
        changes |= {"must be an array of .*float64, as the training images are, got": single}
    for text, array in changes.items():
        with pytest.raises(ValueError, match=f"{name} of 'clusters' {text}"):
            small_run(data=replace(data, **{name: array}))


@pytest.mark.filterwarnings("ignore:overflow")
def test_feedback_that_is_not_finite_is_refused_and_not_the_learning_rate():
    with pytest.raises(ValueError, match="feedback matrix 1 must be finite: some values are not"):
        small_run(DFA(Normal(1e39)), dtype="float32")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"sizes": (6, 50, 4)}, r"sizes must begin with the 6 features and end in the 3 classes"),
        ({"seeds": ()}, "seeds must be at least 1 long"),
        ({"seeds": 3}, "seeds must be a list, got 3"),
        ({"feedback_seeds": (1,)}, "feedback_seeds must be 2 numbers, one for each seed, got"),
        ({"feedback_seeds": ()}, "feedback_seeds must be .*, got"),
        ({"feedback_seeds": (1, -1)}, r"feedback_seeds\[1\] must be >= 0, got -1"),
        ({"frozen": {3}}, r"frozen must be layers from 0 to 2, got \[3\]"),
        ({"frozen": 1}, "frozen must be .*, got 1"),
        ({"frozen": [[1]]}, r"frozen must be .*, got \[\[1\]\]"),
        ({"weights": "zeros"}, "weights must be an Initialiser, got 'zeros'"),
        ({"weights": 0}, "weights must be an Initialiser, got 0"),
        ({"biases": 0.1}, "biases must be an Initialiser, got 0.1"),
        ({"loss": "hinge"}, "loss must be one of .*, got 'hinge'"),
        ({"reduction": "max"}, "reduction must be one of 'mean', 'sum', got 'max'"),
        ({"activation": "sine"}, "activation must be one of .*, got 'sine'"),
        ({"batch_size": 0}, "batch_size must be >= 1, got 0"),
        ({"optimizer": 0.1}, "optimizer must be an? Optimizer, got 0.1"),
        ({"rule": DFA}, "rule must be a Rule, got"),
        ({"dropout": 0.1}, "dropout must be a Dropout, got 0.1"),
        ({"data": "digits"}, "data must be a Dataset, got 'digits'"),
    ],
)
def test_what_does_not_belong_is_refused_in_one_line(change, text):
    settings = {"data": random_dataset()} | change
    with pytest.raises(ValueError, match=f"^{text}[^\n]*$"):
        small_run(settings.pop("rule", "dfa"), **settings)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"until": -1}, "until must be >= 0, got -1"),
        ({"until": 2, "stop": 101}, "stop must be .*, got 101"),
        ({"until": 2, "stop": "low"}, "stop must be .*, got 'low'"),
        ({"until": 2, "measure": error_angles}, "measure must be .*, got"),
        ({"until": 2, "measure": {"angles": 3}}, "measure must be .*, got"),
        ({"until": 2, "checkpoint": "run.checkpoint"}, "checkpoint must be a Checkpoint, got 'run"),
        ({"until": 2, "report": 3}, "report must be .*, got 3"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_line(arguments, text):
    run = small_run()
    with pytest.raises(ValueError, match=f"^{text}[^\n]*$"):
        run.fit(**arguments)
    assert run.epoch == 0


@pytest.mark.parametrize(
    ("recipe", "arguments", "text"),
    [
        ("bp", {}, "recipe must be a Recipe, got 'bp'"),
        (Recipe(BP(), RMSprop()), {"optimizer": "keep"}, "optimizer must be 'fresh' where the"),
        (Recipe(BP()), {"optimizer": "old"}, "optimizer must be 'fresh' or 'keep', got 'old'"),
        (Recipe(BP()), {"frozen": {7}}, "frozen must be layers from 0 to 2"),
        (Recipe(BP()), {"feedback_seeds": ()}, "feedback_seeds must be .*, got"),
    ],
)
def test_a_branch_that_cannot_be_is_refused_in_one_line(recipe, arguments, text):
    with pytest.raises(ValueError, match=f"^{text}[^\n]*$"):
        small_run().branch(recipe, **arguments)


ZERO = ("fa", "dfa", "drtp", "sdfa", "shared", "kp", "dkp", "wm")


def test_weights_start_where_they_usually_do_under_a_rule():
    data = random_dataset()
    for activation, zero in (("tanh", ZERO), ("relu", ())):
        for name, rule in RULES.items():
            run = Run(Network(SIZES, activation), Recipe(rule()), data, (0,))
            assert run.params[0].weights.any() == (name not in zero)
            assert run.params[0].weights.any() == run.params[0].biases.any()
    first = Run(Network(SIZES), Recipe(BP()), data, (0,), weights=Zeros(), first_layer=Normal(1.0))
    assert [bool(layer.weights.any()) for layer in first.params] == [True, False, False]
    assert not any(layer.biases.any() for layer in first.params)
