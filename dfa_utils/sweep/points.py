"""What a sweep is to compute: its points, and how each is known."""

import hashlib
import json
from dataclasses import dataclass
from typing import NamedTuple

from dfa_utils.chapter.code import digest_of_notebook
from dfa_utils.sweep.grid import expand
from dfa_utils.sweep.notebook import read_parameters
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
        From `dfa_utils.chapter.code.digest_of_notebook`.
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
    return plan_of(name, digest_of_notebook(notebook), defaults, choices)


def plan_of(notebook, code, defaults, choices):
    """Return the plan in which each choice is a point; see `Plan` for the other parts."""
    points = {}
    for choice in choices:
        parameters = defaults | choice
        text = json.dumps([parameters, code], sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        points.setdefault(name, Point(name, choice, parameters))
    return Plan(notebook, code, defaults, list(points.values()))
