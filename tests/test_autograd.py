"""DFA and FA in PyTorch and JAX: the same gradients as the book's own code gives."""

from functools import partial

import numpy as np
import pytest
import torch
from small_data import random_dataset
from torch.nn.functional import binary_cross_entropy_with_logits

from dfa_utils import BP, DFA, FA, SGD, Network, Normal, Recipe, Run
from dfa_utils.alignment import error_angles
from dfa_utils.autograd.in_torch import Mirrored, dfa_backward, forward
from dfa_utils.autograd.training import dfa_angles, fit, history_of
from dfa_utils.losses import LOSSES
from dfa_utils.rules import Step


def expected(rule):
    """Return a network's weights, its feedback, a batch, and the gradient of a rule by layer."""
    data = random_dataset()
    network = Network.between(data, [5, 4])
    run = Run(network, Recipe(rule), data, [0], weights=Normal(0.5), biases=Normal(0.5))
    batch, loss = (data.train_images, data.train_targets), LOSSES["binary_cross_entropy"]
    step = Step.at(network, run.state.params, run.state.feedback, *batch, loss)
    sent = rule.send(step)
    weights = [x.mT @ d for x, d in zip(step.forward.inputs, sent, strict=True)]
    return (
        [(layer.weights[0], layer.biases[0, 0]) for layer in run.state.params],
        [B[0] for B in run.state.feedback],
        batch,
        [(g[0], d[0].sum(0)) for g, d in zip(weights, sent, strict=True)],
    )


def linear(weights, biases=None):
    """Return a layer with these weights."""
    made = torch.nn.Linear(*weights.shape, bias=biases is not None).double()
    made.weight.data = torch.tensor(weights.T.copy())
    if biases is not None:
        made.bias.data = torch.tensor(biases.copy())
    return made


@pytest.mark.parametrize("rule", [BP(), FA(), DFA()], ids=lambda rule: rule.name)
def test_torch_moves_every_parameter_as_the_rule_does(rule):
    params, feedback, (x, targets), gradients = expected(rule)
    maps = layers = [linear(*layer) for layer in params]
    if isinstance(rule, FA):
        # The first map sends nothing back; it has a mirror too, as whoever trains gives one to all.
        mirrors = [linear(params[0][0]), *(linear(B.T) for B in feedback)]
        maps = list(map(Mirrored, layers, mirrors))
    outputs = forward(maps, torch.tensor(x), cut=isinstance(rule, DFA))
    loss = binary_cross_entropy_with_logits(outputs[-1], torch.tensor(targets), reduction="sum")
    if isinstance(rule, DFA):
        dfa_backward(outputs, [torch.tensor(B) for B in feedback], loss)
    else:
        loss.backward()
    for layer, (weights, biases) in zip(layers, gradients, strict=True):
        np.testing.assert_allclose(layer.weight.grad.T, weights, atol=1e-12)
        np.testing.assert_allclose(layer.bias.grad, biases, atol=1e-12)


def test_a_mirror_changes_no_output_and_does_not_learn():
    one, other = torch.nn.Conv2d(1, 3, 3), torch.nn.Conv2d(1, 3, 3)
    x = torch.randn(2, 1, 5, 5, requires_grad=True)
    mapped = Mirrored(one, other)(x)
    assert torch.equal(mapped, one(x))
    mapped.sum().backward()
    (by_mirror,) = torch.autograd.grad(other(x).sum(), x)
    assert torch.equal(x.grad, by_mirror)
    assert one.weight.grad is not None and other.weight.grad is None


def test_a_convolution_hears_of_the_error_through_its_own_matrix_alone():
    """By hand: the gradient of a convolution under the error that the matrix sends."""
    maps = [
        torch.nn.Conv2d(1, 2, 3),
        torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(18, 4)),
    ]
    x, targets, B = torch.randn(6, 1, 5, 5), torch.rand(6, 4), torch.randn(4, 2, 3, 3)
    outputs = forward(maps, x)
    loss = partial(binary_cross_entropy_with_logits, target=targets, reduction="sum")
    dfa_backward(outputs, [B], loss(outputs[-1]))
    error = torch.sigmoid(outputs[-1]) - targets
    sent = torch.einsum("nc,ckij->nkij", error, B) * (1 - outputs[0] ** 2)
    by_hand = torch.einsum("nkij,nijab->kab", sent, x[:, 0].unfold(1, 3, 1).unfold(2, 3, 1))
    torch.testing.assert_close(maps[0].weight.grad[:, 0], by_hand, rtol=1e-4, atol=1e-5)


def test_the_gradient_of_the_surrogate_in_jax_is_that_of_dfa():
    jax = pytest.importorskip("jax")
    from dfa_utils.autograd.in_jax import dfa_surrogate

    params, feedback, batch, gradients = expected(DFA())
    with jax.enable_x64(True):
        found = jax.jit(jax.grad(dfa_surrogate))(params, feedback, *batch)
    for layer, wanted in zip(found, gradients, strict=True):
        for array, other in zip(layer, wanted, strict=True):
            assert array.dtype == np.float64
            np.testing.assert_allclose(array, other, atol=1e-12)


def trained(rule, epochs=3):
    """Train the same network for some epochs by the book's own code and by PyTorch's."""
    data = random_dataset("torch", validation=10)
    network = Network.between(data, [5, 4])
    recipe = Recipe(rule, SGD(0.01), reduction="sum", batch_size=50)
    run = Run(network, recipe, data, [0], weights=Normal(0.5))
    params = [(w[0].numpy(), b[0, 0].numpy()) for w, b in run.state.params]
    feedback = [B[0].clone() for B in run.state.feedback]
    maps = [linear(*(array.copy() for array in layer)) for layer in params]
    optimizer = torch.optim.SGD([p for m in maps for p in m.parameters()], 0.01)
    way = {"cut": True, "feedback": feedback} if isinstance(rule, DFA) else {}
    # One batch holds all images: whatever their order, the steps are those of the run.
    curves = fit(maps, data, (6,), optimizer, epochs, 50, **way)
    return run, data, maps, feedback, history_of([curves], [0])


@pytest.mark.parametrize("rule", [BP(), DFA()], ids=lambda rule: rule.name)
def test_the_loop_leaves_the_curves_of_a_run(rule):
    run, _, _, _, history = trained(rule)
    expected = run.fit(3).history
    assert history.quantities == expected.quantities
    for name in ("seeds", "epochs", *expected.quantities):
        np.testing.assert_allclose(getattr(history, name), getattr(expected, name), rtol=1e-10)


def test_without_feedback_only_the_last_of_cut_maps_learns():
    data = random_dataset("torch", validation=10)
    maps = [linear(np.ones((6, 5)), np.ones(5)), linear(np.ones((5, 3)), np.ones(3))]
    optimizer = torch.optim.SGD([p for m in maps for p in m.parameters()], 0.01)
    fit(maps, data, (6,), optimizer, 1, 8, cut=True)
    assert bool((maps[0].weight == 1).all()) and not bool((maps[1].weight == 1).any())


def test_the_angles_are_those_of_the_book():
    run, data, maps, feedback, _ = trained(DFA())
    run.fit(3)
    found = dfa_angles(maps, feedback, data.test_images, data.test_targets)
    np.testing.assert_allclose(found, error_angles(run)[0], rtol=1e-8)
