"""Small data sets, networks and runs for the tests."""

import array_api_strict
import numpy as np

from dfa_utils import RULES, SGD, Network, Normal, Recipe, Run
from dfa_utils.array import Backend, NormalNoise, Stream, generators_for, get_backend
from dfa_utils.array.tree import leaves
from dfa_utils.data import Dataset
from dfa_utils.losses import LOSSES
from dfa_utils.rules import Step

SIZES = (6, 5, 4, 3)
STRICT = Backend(
    "strict",
    array_api_strict,
    array_api_strict.Device("device1"),
    array_api_strict.Device("CPU_DEVICE"),
)
BACKENDS = {"numpy": "numpy", "torch": "torch", "strict": STRICT, "cupy": "cupy"}
OF_A_RUN = ("weights", "biases", "first_layer", "params", "feedback_seeds", "frozen")


def random_dataset(
    backend="numpy", dtype="float64", train=50, test=20, validation=0, features=6, classes=3
):
    """Return a data set of clusters, one for each class, that a small network can learn."""
    backend = get_backend(backend)
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((classes, features))
    arrays = {}
    for part, count in (("train", train), ("test", test), ("validation", validation)):
        labels = np.arange(count) % classes
        images = centres[labels] + 0.3 * generator.standard_normal((count, features))
        if count:
            arrays[f"{part}_images"] = backend.asarray(images, dtype)
            arrays[f"{part}_labels"] = backend.asarray(labels, "int64")
            arrays[f"{part}_targets"] = backend.asarray(np.eye(classes)[labels], dtype)
    return Dataset("clusters", (1, features), tuple("abc"[:classes]), backend, **arrays)


def small_run(
    rule="dfa",
    seeds=(0, 1),
    backend="numpy",
    dtype="float64",
    sizes=SIZES,
    activation="tanh",
    data=None,
    **settings,
):
    """Return a run that has not begun, from weights and with feedback of the size of one.

    ``settings`` are those of `Recipe` and, in `OF_A_RUN`, of `Run`.
    """
    rule = RULES[rule](Normal(0.7)) if isinstance(rule, str) else rule
    start = {"weights": Normal(0.7), "biases": Normal(0.3)}
    start |= {name: settings.pop(name) for name in OF_A_RUN if name in settings}
    recipe = Recipe(rule, **{"optimizer": SGD(0.5), "batch_size": 16} | settings)
    data = data or random_dataset(BACKENDS.get(backend, backend), dtype, features=sizes[0])
    return Run(Network(sizes, activation), recipe, data, seeds, **start)


def random_batch(features=6, classes=3, count=8):
    """Return images and targets, a batch of their own for each of two seeds."""
    generator = np.random.default_rng(5)
    x = generator.standard_normal((2, count, features))
    return x, np.eye(classes)[generator.integers(0, classes, (2, count))]


def noise_of(run, epoch=0):
    """Return the noise of an epoch from its beginning."""
    return NormalNoise(generators_for(run.seeds, Stream.NOISE, epoch), run.data.backend, run.dtype)


def sent_by(run, x, targets, masks=(), feedback=None):
    """Return the inputs of each layer and the errors that a run's rule sends."""
    feedback = run.feedback if feedback is None else feedback
    at = (run.network, run.params, feedback, x, targets, LOSSES[run.recipe.loss], masks)
    step = Step.at(*at, noise=noise_of(run))
    return step.forward.inputs, run.recipe.rule.send(step)


def gradients_of(run, x, targets, masks=(), feedback=None):
    """Return the gradients that a rule gives weights and biases, list of (weights, biases)."""
    sent = zip(*sent_by(run, x, targets, masks, feedback), strict=True)
    return [(h.mT @ error, error.sum(-2, keepdims=True)) for h, error in sent]


def host_arrays(run):
    """Return all of a run's state, curves and measurements, list of numpy.ndarray."""
    arrays = [run.data.backend.to_host(array) for array in leaves(run.stack.whole)]
    arrays += [getattr(run.history, quantity) for quantity in run.history.quantities]
    return [*arrays, *(np.array(rows) for _, rows in sorted(run.measured.items()))]


def bits(run):
    """Return every bit of a run."""
    return b"".join(array.tobytes() for array in host_arrays(run))


def assert_same_run(run, other, rtol):
    """Compare all that two runs hold."""
    for ours, theirs in zip(host_arrays(run), host_arrays(other), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol)
