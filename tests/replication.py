"""The first chapter's replication in single and in double precision."""

import ast
from pathlib import Path

import jupytext
import papermill

from dfa_utils.datasets import load_dataset
from dfa_utils.feedback import initialise_feedback
from dfa_utils.initialisers import normal, zeros
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.network import initialise_params
from dfa_utils.optimizers import SGD
from dfa_utils.training import train

CHAPTER = Path(__file__).resolve().parents[1] / "notebooks" / "01_bp_vs_dfa.py"


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
    data = load_dataset(
        given["dataset"],
        backend=given["backend"],
        input_range=given["input_range"],
        train_samples=given["train_samples"],
        dtype=dtype,
    )
    sizes = [data.train_images.shape[1], *given["hidden_sizes"], data.num_classes]
    seeds, options = given["seeds"], {"backend": data.backend, "dtype": dtype}
    settings = {name: given[name] for name in ("activation", "loss", "batch_size", "num_epochs")}
    settings |= {"seeds": seeds, "optimizer": SGD(given["learning_rate"])}
    errors = {}
    for name, start in {"bp": normal(given["init_scale"]), "dfa": zeros}.items():
        rule = LEARNING_RULES[name]
        params = initialise_params(sizes, seeds, start, **options)
        draw = normal(given["feedback_scale"])
        feedback = initialise_feedback(rule, sizes, seeds, draw, **options)
        _, history = train(
            rule, params, data, feedback=feedback, report=lambda *_: None, **settings
        )
        errors[name] = history.test_error[-1]
    return errors
