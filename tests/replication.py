"""What rounding does: the first replication in two precisions, and sums in two orders."""

import ast
from dataclasses import replace
from pathlib import Path

import jupytext
import numpy as np
import papermill

from dfa_utils import BP, DFA, SGD, Network, Normal, Recipe, RMSprop, Run, load_dataset

CHAPTER = Path(__file__).resolve().parents[1] / "notebooks" / "bp_vs_dfa.py"


def difference_of_precisions(**changes):
    """Train as the chapter does, with its own parameters, in both precisions.

    Parameters
    ----------
    **changes : object
        Parameters in the place of the chapter's.

    Returns
    -------
    dict of str to float
        For each rule, in percentage points of the test error after the last epoch: the difference
        of the means over the seeds, and the deviation over the seeds in double precision.
    """
    given = papermill.inspect_notebook(jupytext.read(CHAPTER))
    given = {name: ast.literal_eval(entry["default"]) for name, entry in given.items()} | changes
    errors = {dtype: last_test_errors(given, dtype) for dtype in ("float32", "float64")}
    found = {}
    for rule, exact in errors["float64"].items():
        found[f"{rule}_precision_difference"] = abs(errors["float32"][rule].mean() - exact.mean())
        found[f"{rule}_precision_std"] = exact.std(ddof=1)
    return {name: float(value) for name, value in found.items()}


def last_test_errors(given, dtype):
    """Return the test errors of the seeds after the last epoch, by rule."""
    names = ("backend", "input_range", "train_samples")
    data = load_dataset(given["dataset"], dtype=dtype, **{name: given[name] for name in names})
    network = Network.between(data, given["hidden_sizes"], given["activation"])
    common = {name: given[name] for name in ("loss", "batch_size")}
    errors, starts = (
        {},
        {BP(): Normal(given["init_scale"]), DFA(Normal(given["feedback_scale"])): None},
    )
    for rule, weights in starts.items():
        recipe = Recipe(rule, SGD(given["learning_rate"]), **common)
        run = Run(network, recipe, data, given["seeds"], weights=weights).fit(given["num_epochs"])
        errors[rule.name.lower()] = run.history.test_error[-1]
    return errors


#: Optimizers by how the records begin, from a gentle to a harsh one; all with the same feedback.
GENTLE_TO_HARSH = {
    "sgd_gentle": SGD(0.01),
    "sgd": SGD(0.1),
    "rmsprop": RMSprop(1e-4),
    "rmsprop_harsh": RMSprop(1e-3),
}


def difference_of_orders(num_epochs=10, **changes):
    """Train on images whose pixels are in the published and in the reverse order.

    DFA starts from weights of zero here, so nothing but the order in which the first layer's sums
    are taken is another: what differs at the end is what rounding, once it is there, becomes.

    Parameters
    ----------
    num_epochs : int
    **changes : object
        Of how the data are loaded.

    Returns
    -------
    dict of str to float
        For each optimizer, in percentage points of the test error after the last epoch: the
        largest difference of one seed, the difference of the means over the seeds, and the
        deviation over the seeds in the published order.
    """
    data = load_dataset(**{"name": "mnist", "train_samples": 10_000, "backend": "numpy"} | changes)
    parts = ("train_images", "test_images")
    turned = {part: np.ascontiguousarray(getattr(data, part)[:, ::-1]) for part in parts}
    network, found = Network.between(data, [400, 400, 400]), {}
    for name, optimizer in GENTLE_TO_HARSH.items():
        recipe, errors = Recipe(DFA(Normal(0.1)), optimizer), []
        for one in (data, replace(data, **turned)):
            run = Run(network, recipe, one, [0, 1, 2]).fit(num_epochs)
            errors.append(run.history.last("test_error"))
        found[f"{name}_order_seed"] = np.abs(errors[1] - errors[0]).max()
        found[f"{name}_order_mean"] = abs(errors[1].mean() - errors[0].mean())
        found[f"{name}_order_std"] = errors[0].std(ddof=1)
    return {name: float(value) for name, value in found.items()}
