"""Direct Feedback Alignment beside back-propagation, on NumPy, CuPy and PyTorch.

Here are the names that a chapter needs. The method is loaded at once; data sets, what notebooks
keep, and figures when they are first asked for.
"""

from importlib import import_module

from dfa_utils.alignment import error_angles
from dfa_utils.array import get_backend
from dfa_utils.history import History
from dfa_utils.initialisers import INITIALISERS, Normal, UniformFanIn, UniformFanOut, Zeros
from dfa_utils.network import Network
from dfa_utils.noise import Dropout, FastGradientSign
from dfa_utils.optimizers import (
    OPTIMIZERS,
    SCHEDULES,
    SGD,
    HalvedEvery,
    HalvedOnPlateau,
    InverseDecay,
    Momentum,
    RMSprop,
)
from dfa_utils.rules import (
    BP,
    DFA,
    DRTP,
    FA,
    IFA,
    RULES,
    DirectKolenPollack,
    KolenPollack,
    Rule,
)
from dfa_utils.training import Recipe, Run

__version__ = "0.2.0"

_LATER = {
    "Dataset": "data",
    "load_dataset": "data",
    "Chapter": "chapter.setup",
    "Checkpoint": "chapter.checkpoints",
    "check_exercise": "chapter.exercises",
    "record": "chapter.records",
    "record_errors": "chapter.records",
    "record_history": "chapter.records",
    "load_history": "chapter.stored",
    "load_published": "chapter.stored",
    "load_results": "chapter.stored",
    "load_sweep": "chapter.stored",
    "stored_cells": "chapter.stored",
}

__all__ = [
    "BP",
    "DFA",
    "DRTP",
    "FA",
    "IFA",
    "INITIALISERS",
    "OPTIMIZERS",
    "RULES",
    "SCHEDULES",
    "SGD",
    "Chapter",
    "Checkpoint",
    "Dataset",
    "DirectKolenPollack",
    "Dropout",
    "FastGradientSign",
    "HalvedEvery",
    "HalvedOnPlateau",
    "History",
    "InverseDecay",
    "KolenPollack",
    "Momentum",
    "Network",
    "Normal",
    "RMSprop",
    "Recipe",
    "Rule",
    "Run",
    "UniformFanIn",
    "UniformFanOut",
    "Zeros",
    "check_exercise",
    "error_angles",
    "get_backend",
    "load_dataset",
    "load_history",
    "load_published",
    "load_results",
    "load_sweep",
    "record",
    "record_errors",
    "record_history",
    "stored_cells",
]


def __getattr__(name):
    """Load what is not always needed, when it is first asked for."""
    if name in _LATER:
        return getattr(import_module(f"dfa_utils.{_LATER[name]}"), name)
    raise AttributeError(f"module 'dfa_utils' has no attribute {name!r}")


def __dir__():
    """Return all names, those that are loaded later included."""
    return sorted({*globals(), *__all__})
