"""The competitors: the same epoch, written in different ways.

Each is a class that is made from a `benchmarks.problem.Problem`. ``train_epoch(epoch)`` trains on
every image once, in the order of that epoch, and returns when the work is done; ``params()``
returns the trained weights and biases as NumPy arrays, layer by layer (weights (fan_in, fan_out)
and biases (fan_out,), behind axes of length one at most). On the way each sums the loss and the
number of wrong classes, as anybody does who trains, and returns them from ``train_epoch``.
The products alone do not learn.
"""

import importlib

COMPETITORS = {
    "products": "products.Products",
    "project": "project.Project",
    "pytorch_autograd": "pytorch_autograd.PyTorchAutograd",
    "pytorch": "pytorch.PyTorch",
    "pytorch_compiled": "pytorch.PyTorchCompiled",
    "jax_scan": "jax_scan.JaxScan",
    "first_written": "first_written.FirstWritten",
}
ON_A_GPU = {"project_on_gpu": "project.ProjectOnGPU"}


def runs(name, case):
    """Tell whether a competitor has an answer to a case: autograd knows only the true gradient."""
    return name != "pytorch_autograd" or case.rule == "bp"


def competitor(name):
    """Import a competitor.

    Parameters
    ----------
    name : str
        One of `COMPETITORS` or of `ON_A_GPU`.

    Returns
    -------
    type
    """
    module, attribute = (COMPETITORS | ON_A_GPU)[name].split(".")
    return getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
