"""Whole runs with the pieces of the paper's protocol, and where each seed stops."""

import numpy as np
import pytest
import torch
from small_data import STRICT, random_dataset, random_network
from test_training import RULES, assert_same_run, run

from dfa_utils.adversarial import FastGradientSign
from dfa_utils.batches import mini_batches, shuffled_orders
from dfa_utils.dropout import Dropout
from dfa_utils.history import QUANTITIES
from dfa_utils.learning_rules import LEARNING_RULES, direct_feedback_alignment
from dfa_utils.optimizers import SGD, RMSprop
from dfa_utils.training import train

PROTOCOL = {"optimizer": RMSprop(0.01), "error_reduction": "sum"}
OPTIONS = {
    "rmsprop": {},
    "dropout": {"dropout": Dropout(0.1, 0.3)},
    "adversarial": {"perturbation": FastGradientSign(0.05)},
    "both": {"dropout": Dropout(0.1, 0.3), "perturbation": FastGradientSign(0.05)},
}
BY_OPTION = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


@RULES
@BY_OPTION
@pytest.mark.parametrize("other", ["torch", "strict"])
def test_every_array_library_gives_the_same_run(rule, options, other):
    backend = STRICT if other == "strict" else other
    *_, expected = run(rule, **PROTOCOL, **options)
    *_, history = run(rule, backend=backend, **PROTOCOL, **options)
    assert_same_run(history, expected, rtol=1e-8)


@pytest.mark.gpu
@RULES
@BY_OPTION
def test_cupy_gives_the_same_run(rule, options):
    *_, expected = run(rule, **PROTOCOL, **options)
    *_, history = run(rule, backend="cupy", **PROTOCOL, **options)
    assert_same_run(history, expected, rtol=1e-8)


@RULES
@BY_OPTION
def test_a_stack_of_seeds_gives_what_separate_runs_give(rule, options):
    *_, stacked = run(rule, seeds=(3, 7), **PROTOCOL, **options)
    for column, seed in enumerate((3, 7)):
        *_, alone = run(rule, seeds=(seed,), **PROTOCOL, **options)
        for quantity in QUANTITIES:
            np.testing.assert_allclose(
                getattr(stacked, quantity)[:, column], getattr(alone, quantity)[:, 0], rtol=1e-9
            )


def test_dfa_with_rmsprop_equals_a_loop_in_torch():
    """Three epochs of DFA with summed errors, written out anew: autograd and torch's RMSprop."""
    seed = 3
    params, feedback = random_network(direct_feedback_alignment, (seed,))
    data = random_dataset()
    trained, _ = train(
        direct_feedback_alignment,
        params,
        data,
        feedback=feedback,
        seeds=(seed,),
        num_epochs=3,
        batch_size=16,
        report=lambda *_: None,
        **PROTOCOL,
    )
    layers = [torch.nn.Linear(6, 5), torch.nn.Linear(5, 4), torch.nn.Linear(4, 3)]
    for linear, layer in zip(layers, params, strict=True):
        linear.weight.data = torch.tensor(layer.weights[0].T.copy())
        linear.bias.data = torch.tensor(layer.biases[0, 0].copy())
    optimizer = torch.optim.RMSprop(
        [p for layer in layers for p in layer.parameters()], 0.01, eps=1e-8
    )
    for epoch in (1, 2, 3):
        for batch in mini_batches(shuffled_orders(data, (seed,), epoch), 16):
            x, targets = data.train_images[batch], data.train_targets[batch]
            optimizer.zero_grad()
            h, hidden = torch.tensor(x[0]), []
            for linear in layers[:-1]:
                hidden.append(torch.tanh(linear(h)))
                h = hidden[-1].detach()
            logits = layers[-1](h)
            error = torch.sigmoid(logits.detach()) - torch.tensor(targets[0])
            logits.backward(error)
            for output, matrix in zip(hidden, feedback, strict=True):
                output.backward(error @ torch.tensor(matrix[0]))
            optimizer.step()
    for linear, layer in zip(layers, trained, strict=True):
        np.testing.assert_allclose(linear.weight.detach().T, layer.weights[0], rtol=1e-9)
        np.testing.assert_allclose(linear.bias.detach(), layer.biases[0, 0], rtol=1e-9)


@RULES
def test_a_summed_error_is_a_mean_error_times_the_batch(rule):
    *_, summed = run(rule, optimizer=SGD(0.01), error_reduction="sum", batch_size=10)
    *_, averaged = run(rule, optimizer=SGD(0.1), error_reduction="mean", batch_size=10)
    assert_same_run(summed, averaged, rtol=1e-9)


def test_another_reduction_is_refused():
    with pytest.raises(ValueError, match="error_reduction must be one of 'mean', 'sum', got 'max'"):
        run(direct_feedback_alignment, error_reduction="max")


@RULES
def test_dropout_and_perturbation_change_the_run(rule):
    histories = [run(rule, **PROTOCOL, **options)[-1] for options in OPTIONS.values()]
    losses = {history.train_loss[-1, 0] for history in histories}
    assert len(losses) == len(OPTIONS)


def stopping_run(seeds, backend="numpy"):
    """A run in which the seeds of `SEEDS` reach the train error at different epochs."""
    rule = direct_feedback_alignment
    settings = {"num_epochs": 30, "stop_train_error": 4.0, "dropout": Dropout(0.0, 0.1)}
    return run(rule, seeds=seeds, backend=backend, **PROTOCOL, **settings)


SEEDS = (0, 1, 2, 3)


def test_each_seed_stops_on_its_own():
    _, params, history = stopping_run(SEEDS)
    epochs = history.epochs_run
    assert len(set(epochs)) > 1 and epochs.max() < 30
    assert len(history.epochs) == epochs.max()
    assert (history.last("train_error") <= 4).all()
    for column, (seed, count) in enumerate(zip(SEEDS, epochs, strict=True)):
        assert (history.train_error[: count - 1, column] > 4).all()
        assert np.isnan(history.test_error[count:, column]).all()
        _, alone_params, alone = stopping_run((seed,))
        assert alone.epochs_run.tolist() == [count]
        np.testing.assert_allclose(
            alone.test_loss[:, 0], history.test_loss[:count, column], rtol=1e-9
        )
        for layer, other in zip(params, alone_params, strict=True):
            np.testing.assert_allclose(layer.weights[column], other.weights[0], rtol=1e-7)


@pytest.mark.parametrize("backend", ["torch", STRICT])
def test_seeds_stop_alike_on_every_array_library(backend):
    *_, expected = stopping_run(SEEDS)
    *_, history = stopping_run(SEEDS, backend)
    np.testing.assert_array_equal(history.epochs_run, expected.epochs_run)


def test_a_stopped_seed_keeps_its_value_in_a_figure():
    *_, history = stopping_run(SEEDS)
    first = history.epochs_run.argmin()
    held = history.held("test_error")
    assert not np.isnan(held).any()
    count = history.epochs_run[first]
    assert (held[count - 1 :, first] == history.test_error[count - 1, first]).all()


def test_without_a_limit_nothing_stops():
    *_, history = run(LEARNING_RULES["bp"], num_epochs=5)
    assert history.epochs_run.tolist() == [5, 5]


def test_no_epoch_leaves_the_networks_as_they_were():
    before, after, history = run(LEARNING_RULES["bp"], num_epochs=0)
    assert history.train_error.shape == (0, 2)
    np.testing.assert_array_equal(before[0].weights, after[0].weights)
