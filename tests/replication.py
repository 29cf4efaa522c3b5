"""The first chapter's replication in single and in double precision."""

import ast
from pathlib import Path

import jupytext
import papermill

from dfa_utils import BP, DFA, SGD, Network, Normal, Recipe, Run, load_dataset

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
