"""The errors that rules send, against torch, finite differences and each other."""

import in_torch
import numpy as np
import pytest
import torch
from small_data import gradients_of, noise_of, random_batch, random_dataset, small_run

from dfa_utils import FA, RULES, SGD, Dropout, KolenPollack, Momentum, Normal, RMSprop
from dfa_utils.array.batches import mini_batches, shuffled_orders
from dfa_utils.losses import LOSSES
from dfa_utils.network import ACTIVATIONS, Layer

BY_RULE = pytest.mark.parametrize("rule", RULES)
BY_ACTIVATION = pytest.mark.parametrize("activation", ACTIVATIONS)
BY_LOSS = pytest.mark.parametrize("loss", LOSSES)
BY_DROPOUT = pytest.mark.parametrize("dropout", [Dropout(), Dropout(0.25, 0.5), Dropout(0.0, 0.5)])
BATCH = random_batch()


def masks_of(dropout, run):
    generators = [np.random.default_rng(seed) for seed in (1, 2)]
    return dropout.masks(generators, run.params, 8, run.data.backend)


def assert_same(gradients, layers):
    for gradient, layer in zip(gradients, layers, strict=True):
        for ours, theirs in zip(gradient, layer, strict=True):
            np.testing.assert_allclose(ours, theirs.grad, rtol=1e-9, atol=1e-13)


@BY_RULE
@BY_ACTIVATION
@BY_LOSS
@BY_DROPOUT
def test_every_rule_equals_a_formulation_in_torch(rule, activation, loss, dropout):
    run = small_run(rule, activation=activation, loss=loss)
    layers, masks = in_torch.tensors(run.params), masks_of(dropout, run)
    feedback, batch = [*map(torch.tensor, run.feedback)], [*map(torch.tensor, BATCH)]
    others = {"noise": noise_of(run)}
    in_torch.add_gradients(rule, layers, feedback, *batch, activation, loss, masks, **others)
    assert_same(gradients_of(run, *BATCH, masks), layers)


@BY_ACTIVATION
@BY_LOSS
@BY_DROPOUT
def test_back_propagation_equals_autograd(activation, loss, dropout):
    run = small_run("bp", activation=activation, loss=loss)
    layers, masks = in_torch.tensors(run.params), masks_of(dropout, run)
    sums, _ = in_torch.forward(layers, torch.tensor(BATCH[0]), activation, masks)
    in_torch.loss_of(sums[-1], torch.tensor(BATCH[1]), loss).backward()
    assert_same(gradients_of(run, *BATCH, masks), layers)


@BY_ACTIVATION
@BY_LOSS
def test_back_propagation_equals_finite_differences(activation, loss):
    """In twenty directions, each of them through all parameters."""
    run, (x, targets) = small_run("bp", activation=activation, loss=loss), BATCH
    gradients, generator = gradients_of(run, x, targets), np.random.default_rng(3)

    def value_at(distance):
        moved = [
            Layer(*(array + distance * way for array, way in zip(*pair, strict=True)))
            for pair in zip(run.params, ways, strict=True)
        ]
        return LOSSES[loss].value(run.network.logits(moved, x), targets).sum()

    for _ in range(20):
        ways = [[generator.standard_normal(a.shape) for a in layer] for layer in run.params]
        slope = sum(
            (gradient * way).sum()
            for pair in zip(gradients, ways, strict=True)
            for gradient, way in zip(*pair, strict=True)
        )
        difference = (value_at(1e-6) - value_at(-1e-6)) / 2e-6
        assert difference == pytest.approx(slope, rel=1e-5, abs=1e-6)


OPTIMIZERS = {
    "sgd": SGD(0.1),
    "momentum": Momentum(0.1, momentum=0.8),
    "nesterov": Momentum(0.1, momentum=0.8, nesterov=True),
    "rmsprop": RMSprop(0.01, smoothing=0.9),
}


@BY_RULE
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_three_epochs_equal_a_loop_in_torch(rule, optimizer, reduction):
    settings = {"optimizer": OPTIMIZERS[optimizer], "reduction": reduction}
    run, data = small_run(rule, (3,), **settings), random_dataset()
    layers, feedback = in_torch.tensors(run.params), [*map(torch.tensor, run.feedback)]
    arrays = [array for layer in layers for array in layer]
    steps = in_torch.OPTIMIZERS[optimizer]([*arrays, *feedback])
    for epoch in (1, 2, 3):
        noise = noise_of(run, epoch)
        for batch in mini_batches(shuffled_orders(50, (3,), epoch, data.backend), 16):
            x, targets = (torch.tensor(a[batch]) for a in (data.train_images, data.train_targets))
            steps.zero_grad()
            scale = 1 / x.shape[-2] if reduction == "mean" else 1.0
            others = {"scale": scale, "noise": noise}
            loss = "binary_cross_entropy"
            in_torch.add_gradients(rule, layers, feedback, x, targets, "tanh", loss, **others)
            steps.step()
            if rule == "wm":
                in_torch.mirror(layers, feedback, noise, x.shape[-2], "tanh")
    run.fit(3)
    ours = [*(array for layer in run.params for array in layer), *run.feedback]
    for array, theirs in zip(ours, [*arrays, *feedback], strict=True):
        # A small difference of two losses enlarges what rounding does.
        rtol = 1e-6 if rule == "np" else 1e-8
        np.testing.assert_allclose(array, theirs.detach(), rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_kolen_pollacks_matrices_keep_their_distance_from_the_weights(optimizer):
    run = small_run("kp", optimizer=OPTIMIZERS[optimizer])
    first, start = distances(run), [matrix.copy() for matrix in run.feedback]
    for before, after in zip(first, distances(run.fit(10)), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-12, atol=1e-13)
    assert all((old != new).all() for old, new in zip(start, run.feedback, strict=True))


def test_decay_makes_kolen_pollacks_matrices_the_weights():
    """Weights and matrices shrink alike, so their distance shrinks by the same at each step."""
    run = small_run("kp", optimizer=SGD(0.1, weight_decay=0.05))
    first, steps = distances(run), 10 * 4  # of fifty images in batches of sixteen
    for before, after in zip(first, distances(run.fit(10)), strict=True):
        np.testing.assert_allclose(after, before * (1 - 0.1 * 0.05) ** steps, rtol=1e-11)


def distances(run):
    pairs = zip(run.params[1:], run.feedback, strict=True)
    return [layer.weights.mT - matrix for layer, matrix in pairs]


@pytest.mark.parametrize("rule", [FA(copied=True), KolenPollack(copied=True)])
def test_fa_through_copied_weights_is_bp_in_its_first_step(rule):
    run = small_run(rule)
    for pair in zip(gradients_of(run, *BATCH), gradients_of(small_run("bp"), *BATCH), strict=True):
        for ours, theirs in zip(*pair, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_one_hidden_layer_makes_fa_dfa_and_ifa_one_rule_to_the_bit():
    fa, *others = (
        gradients_of(small_run(r, sizes=(6, 5, 3)), *BATCH) for r in ("fa", "dfa", "ifa")
    )
    for other in others:
        for ours, theirs in zip(fa, other, strict=True):
            np.testing.assert_array_equal(ours[0], theirs[0])


def products_of_weights(params):
    """Return the matrices with which DFA is BP in a linear network, (classes, width)."""
    products = [params[-1].weights.mT]
    for layer in params[-2:0:-1]:
        products.insert(0, products[0] @ layer.weights.mT)
    return products


@pytest.fixture
def identity(monkeypatch):
    """The activation of a linear network."""
    linear = ACTIVATIONS["tanh"]._replace(function=lambda a: a, derivative=np.ones_like)
    monkeypatch.setitem(ACTIVATIONS, "identity", linear)
    return "identity"


def test_dfa_is_bp_in_a_linear_network_with_the_products_of_the_weights(identity):
    bp, dfa = (small_run(rule, activation=identity) for rule in ("bp", "dfa"))
    products = products_of_weights(dfa.params)
    ours = gradients_of(dfa, *BATCH, feedback=products)
    for pair in zip(ours, gradients_of(bp, *BATCH), strict=True):
        for one, other in zip(*pair, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)


@pytest.mark.parametrize(
    ("rule", "moves"),
    [
        ("bp", (False, False, True)),
        ("ifa", (True, False, True)),
        *((rule, (True, True, True)) for rule in ("dfa", "drtp", "sdfa", "shared", "np")),
        ("ss", (False, False, True)),
        ("fa", (True, True, True)),
    ],
)
def test_what_moves_away_from_weights_of_zero(rule, moves):
    """With biases that are not zero, so that the outputs of the layers are not."""
    run = small_run(rule, weights=Normal(0.0))
    gradients = gradients_of(run, *BATCH)
    assert tuple(bool(weights.any()) for weights, _ in gradients) == moves


def test_feedback_does_not_share_memory_with_the_weights():
    run = small_run(FA(copied=True))
    np.testing.assert_array_equal(run.feedback[0], run.params[1].weights.mT)
    run.params[1].weights[:] = 0
    assert run.feedback[0].all()


def test_copied_weights_of_zero_are_refused():
    with pytest.raises(ValueError, match="weights must be not all zero where feedback is copied"):
        small_run(FA(copied=True), weights=Normal(0.0))
