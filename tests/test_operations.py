"""How many array operations a step is, and what it copies: what a GPU waits for."""

from collections import Counter
from typing import ClassVar

import array_api_compat.numpy
import numpy as np
import pytest
from conftest import ROOT
from small_data import random_dataset, random_network
from test_training import RULES

from dfa_utils.arrays import Backend
from dfa_utils.optimizers import SGD, RMSprop
from dfa_utils.training import train

VIEWS = {"reshape", "permute_dims", "swapaxes", "matrix_transpose"}  # they start nothing


class Counted(np.ndarray):
    """An array that counts each operation on it, as a GPU would start a kernel for it."""

    counts: ClassVar = Counter()

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        Counted.counts[ufunc.__name__] += 1
        inputs = [np.asarray(array) for array in inputs]
        if out is not None:
            kwargs["out"] = tuple(np.asarray(array) for array in out)
        result = getattr(ufunc, method)(*inputs, **kwargs)
        return out[0] if out is not None else np.asarray(result).view(Counted)

    def __array_function__(self, function, types, args, kwargs):
        name = function.__name__
        if name in VIEWS:
            return super().__array_function__(function, types, args, kwargs)
        Counted.counts[name] += 1
        return np.asarray(function(*map(uncounted, args), **kwargs)).view(Counted)

    def astype(self, *args, **kwargs):
        Counted.counts["astype"] += 1
        return np.asarray(self).astype(*args, **kwargs).view(Counted)


def uncounted(argument):
    """Return an argument with plain arrays in the place of counted ones."""
    if isinstance(argument, list):
        return [uncounted(item) for item in argument]
    return np.asarray(argument) if isinstance(argument, Counted) else argument


class CountingBackend(Backend):
    """NumPy with counted arrays; copies from the host are counted too."""

    def asarray(self, host_array, dtype=None):
        Counted.counts["host to device"] += 1
        return super().asarray(host_array, dtype).view(Counted)

    def to_host(self, array):
        Counted.counts["device to host"] += 1
        return np.asarray(array)


def count_an_epoch(rule, optimizer, hidden_layers, train_samples):
    """Return the operations of one epoch with mini-batches of eight."""
    backend = CountingBackend("numpy", array_api_compat.numpy)
    sizes = [6, *[5] * hidden_layers, 3]
    params, feedback = random_network(rule, backend=backend, sizes=sizes)
    data = random_dataset(backend, train=train_samples)
    Counted.counts.clear()
    settings = {"feedback": feedback, "optimizer": optimizer, "batch_size": 8, "num_epochs": 1}
    train(rule, params, data, report=lambda *_: None, **settings)
    return Counter(Counted.counts)


def fused_as_one(array):
    """Stand in for the compiled step: one kernel."""

    def step(*arrays_and_factors):
        Counted.counts["rmsprop_step"] += 1

    return step


@pytest.fixture
def of_a_step(monkeypatch):
    """Return a function that counts what one more batch adds to an epoch."""
    monkeypatch.setattr("dfa_utils.optimizers.fused_rmsprop", fused_as_one)

    def count(rule, optimizer, hidden_layers):
        counts = count_an_epoch(rule, optimizer, hidden_layers, train_samples=48)
        counts.subtract(count_an_epoch(rule, optimizer, hidden_layers, train_samples=40))
        return counts

    return count


@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.1)], ids=["sgd", "rmsprop"])
@pytest.mark.parametrize("hidden_layers", [1, 3, 10])
@RULES
def test_operations_of_a_step(rule, optimizer, hidden_layers, of_a_step):
    page = (ROOT / "book" / "performance.md").read_text("utf-8")
    assert "$19 + 11L$ array operations, of which $2 + 3L$ are matrix products" in page
    counts = of_a_step(rule, optimizer, hidden_layers)
    assert counts.total() == 19 + 11 * hidden_layers, counts
    assert counts["matmul"] == 2 + 3 * hidden_layers


@RULES
def test_an_epoch_copies_its_orders_and_four_results(rule):
    for train_samples in (40, 400):
        counts = count_an_epoch(rule, SGD(0.1), 2, train_samples)
        assert counts["host to device"] == 1
        assert counts["device to host"] == 4
