"""How many array operations a step is, and what it copies: what a GPU waits for."""

from collections import Counter
from typing import ClassVar

import array_api_compat.numpy
import numpy as np
import pytest
from conftest import ROOT
from small_data import random_dataset, small_run

from dfa_utils import RULES, SGD, RMSprop
from dfa_utils.array import Backend

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
    data = random_dataset(CountingBackend("numpy", array_api_compat.numpy), train=train_samples)
    sizes = (6, *[5] * hidden_layers, 3)
    run = small_run(rule, (0,), sizes=sizes, data=data, optimizer=optimizer, batch_size=8)
    Counted.counts.clear()
    run.fit(1)
    return Counter(Counted.counts)


def compiled_step(*arrays_and_factors):
    """Stand in for the compiled step of RMSprop: one kernel."""
    Counted.counts["rmsprop_step"] += 1


@pytest.fixture
def of_a_step(monkeypatch):
    """Return a function that counts what one more batch adds to an epoch."""
    monkeypatch.setattr("dfa_utils.optimizers.step_rmsprop", compiled_step)

    def count(rule, optimizer, hidden_layers):
        counts = count_an_epoch(rule, optimizer, hidden_layers, train_samples=48)
        counts.subtract(count_an_epoch(rule, optimizer, hidden_layers, train_samples=40))
        return counts

    return count


# What a rule does more than the four of the paper: all operations, and products among them.
# Targets are scaled; learned feedback takes a step for each hidden layer, a product and its use.
MORE = {"drtp": lambda hidden: (1, 0)}
MORE |= {name: lambda hidden: (2 * hidden, hidden) for name in ("kp", "dkp")}
MORE |= {"sdfa": lambda hidden: (2, 0), "ss": lambda hidden: (hidden, 0)}
# A mirror sends noise through each layer and learns from it; node perturbation, which needs no way
# back, propagates forward once more.
MORE["wm"] = lambda hidden: (8 * (1 + hidden), 2 * hidden)
MORE["np"] = lambda hidden: (29 + 3 * hidden, 1)
NOISY = ("wm", "np")  # their numbers are drawn on the host


@pytest.mark.parametrize("optimizer", [SGD(0.1), RMSprop(0.1)], ids=["sgd", "rmsprop"])
@pytest.mark.parametrize("hidden_layers", [1, 3, 10])
@pytest.mark.parametrize("rule", RULES)
def test_operations_of_a_step(rule, optimizer, hidden_layers, of_a_step):
    page = (ROOT / "book" / "performance.md").read_text("utf-8")
    assert "$19 + 11L$ array operations, of which $2 + 3L$ are matrix products" in page
    counts = of_a_step(rule, optimizer, hidden_layers)
    more, products = MORE.get(rule, lambda _: (0, 0))(hidden_layers)
    assert counts.total() == 19 + 11 * hidden_layers + more, counts
    assert counts["matmul"] == 2 + 3 * hidden_layers + products


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in NOISY])
def test_an_epoch_copies_its_orders_and_four_results(rule):
    for train_samples in (40, 400):
        counts = count_an_epoch(rule, SGD(0.1), 2, train_samples)
        assert counts["host to device"] == 1
        assert counts["device to host"] == 4
