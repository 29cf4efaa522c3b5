"""What a sweep is to compute: its points, and how each is known."""

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

import jupytext

from dfa_utils.sweep.code_digest import code_digest
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.grid import expand
from dfa_utils.sweep.parameters import read_parameters
from dfa_utils.sweep.words import short


class Point(NamedTuple):
    """One execution of the notebook.

    ``name`` is a hash of all ``parameters`` and of the code, ``choice`` the part of the parameters
    that the grid gives.
    """

    name: str
    choice: dict
    parameters: dict


@dataclass(frozen=True)
class Plan:
    """All points of a sweep.

    Parameters
    ----------
    notebook : str
        The name of the notebook, without folder and ending.
    code : str
        The hash of `dfa_utils.sweep.code_digest`.
    defaults : dict
        What the notebook takes where the grid gives nothing; ``checkpoint_dir`` is left out.
    points : list of Point
    """

    notebook: str
    code: str
    defaults: dict
    points: list

    @property
    def varied(self):
        """The parameters that differ between points, list of str."""
        values = {}
        for point in self.points:
            for name, value in point.parameters.items():
                values.setdefault(name, set()).add(json.dumps(value))
        return [name for name, found in values.items() if len(found) > 1]

    def label(self, point, varied):
        """Return the words for a point in lists: what the grid gives it, where points differ."""
        names = [name for name in point.choice if name in varied] or list(point.choice)
        values = [f"{name}={short(point.parameters[name])}" for name in names]
        return "  ".join([point.name, *values])


def read_notebook(path):
    """Return a notebook.

    Parameters
    ----------
    path : Path
        Its ``.py`` or ``.ipynb`` form; without an ending, that which is there.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    SweepError
        If it cannot be read.
    """
    candidates = [path] if path.suffix else [path.with_suffix(".py"), path.with_suffix(".ipynb")]
    for candidate in candidates:
        if candidate.is_file():
            return jupytext.read(candidate)
    raise SweepError(f"there is no notebook {' or '.join(map(str, candidates))}")


def make_plan(notebook, name, blocks):
    """Work out the points of a grid over a notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
    name : str
        Of the notebook.
    blocks : list of dict of str to list

    Returns
    -------
    Plan
        Points that are the same are there once.
    """
    parameters = read_parameters(notebook)
    choices = expand(blocks, parameters)
    defaults = {parameter.name: parameter.default for parameter in parameters.values()}
    defaults.pop("checkpoint_dir", None)  # where, not what
    return plan_of(name, code_digest(notebook), defaults, choices)


def plan_of(notebook, code, defaults, choices):
    """Return the plan in which each choice is a point; see `Plan` for the other parts."""
    points = {}
    for choice in choices:
        parameters = defaults | choice
        name = point_name(parameters, code)
        points.setdefault(name, Point(name, choice, parameters))
    return Plan(notebook, code, defaults, list(points.values()))


def point_name(parameters, code):
    """Return the name of a point, 16 hexadecimal digits, from its parameters and its code."""
    text = json.dumps([parameters, code], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
