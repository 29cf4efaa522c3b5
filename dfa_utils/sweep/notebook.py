"""The notebook of a sweep: its file, its parameters, and what each of them may be."""

import ast
import re
from typing import Any, NamedTuple

import jupytext
import papermill
import yaml

import dfa_utils.data  # noqa: F401  (registers the data sets' names, as the method does its own)
from dfa_utils.sweep.errors import SweepError, refusals
from dfa_utils.validation import PARAMETERS, check_path, check_type
from dfa_utils.validation.limits import integer, number, plain, several

ENDINGS = (".py", ".ipynb")
TYPES = {"int": integer(), "float": number(), "str": str, "bool": bool}


class Parameter(NamedTuple):
    """A line of the cell that is tagged ``parameters``.

    ``kind`` is the type that its values must have, one of the validator's, and ``is_shared`` says
    that the table of `dfa_utils.validation` gives it.
    """

    name: str
    annotation: str
    default: Any
    kind: Any
    is_shared: bool


def find_notebook(path):
    """Return the file of a notebook.

    Parameters
    ----------
    path : str or path-like
        Its ``.py`` or ``.ipynb`` form, or the path of both without the ending.

    Returns
    -------
    Path

    Raises
    ------
    SweepError
        If there is none, or two that differ and the path does not say which.
    """
    with refusals():
        path = check_path("notebook", path)
    forms = [path.with_name(f"{path.name}{ending}") for ending in ENDINGS]
    if path.is_file():
        return path
    there = [form for form in forms if form.is_file()]
    if not there:
        tried = [path] if path.suffix in ENDINGS else forms
        raise SweepError(f"there is no notebook {' or '.join(map(str, tried))}")
    if len(there) == 2 and _code(there[0]) != _code(there[1]):
        raise SweepError(
            f"{there[0]} and {there[1]} differ: name the one that is meant, with its ending"
        )
    return there[0]


def read_notebook(path):
    """Return a notebook.

    Parameters
    ----------
    path : str or path-like
        As in `find_notebook`.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    SweepError
        If it cannot be found, or read.
    """
    path = find_notebook(path)
    try:
        return jupytext.read(path)
    except Exception as error:  # whatever the readers of its formats raise
        reason = " ".join(str(error).split())
        raise SweepError(f"{path} cannot be read as a notebook: {reason}") from None


def read_parameters(notebook):
    """Return what a notebook can be asked for.

    Parameters
    ----------
    notebook : nbformat.NotebookNode

    Returns
    -------
    dict of str to Parameter
        In the notebook's order.

    Raises
    ------
    SweepError
        If a default is not a plain value, which alone can be compared from one day to the next, or
        not of the type that stands beside it.
    """
    parameters = {}
    for name, found in papermill.inspect_notebook(notebook).items():
        annotation = found["inferred_type_name"]
        try:
            default = ast.literal_eval(found["default"])
        except (ValueError, SyntaxError):
            raise SweepError(
                f"the default of {name} must be a plain value, got {found['default']}"
            ) from None
        kind, is_shared = _kind_of(name, annotation, default)
        parameters[name] = parameter = Parameter(name, annotation, default, kind, is_shared)
        parameters[name] = parameter._replace(default=check_value(parameter, default))
    return parameters


def check_value(parameter, value):
    """Return a value as plain Python, if it is what the parameter may be.

    Parameters
    ----------
    parameter : Parameter
    value : object
        As YAML or NumPy has it.

    Returns
    -------
    object

    Raises
    ------
    SweepError
        If it is not; the text names a form that is.
    """
    with refusals(_advice(parameter, value)):
        return check_type(parameter.name, value, parameter.kind)


def _code(path):
    """Return the code cells of a notebook's file, with their tags."""
    cells = [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
    return [(cell.source.strip(), cell.metadata.get("tags", [])) for cell in cells]


def _kind_of(name, annotation, default):
    """Return the type of a parameter, and whether the table of all notebooks gives it."""
    if name in PARAMETERS:
        try:
            check_type(name, default, PARAMETERS[name])
            return PARAMETERS[name], True
        except ValueError:
            pass  # the name means something of this notebook's own
    return _annotated(annotation), False


def _annotated(annotation):
    """Return the type that an annotation stands for; what is not known takes any plain value."""
    if inner := re.fullmatch(r"Optional\[(.+)\]", annotation):
        return _annotated(inner[1]) | None
    if inner := re.fullmatch(r"list\[(.+)\]", annotation):
        return several(_annotated(inner[1]))
    return TYPES.get(annotation, Any)


def _advice(parameter, value):
    """Return the end of an error's text: the form that works, where one can be guessed."""
    name, annotation, value = parameter.name, parameter.annotation, plain(value)
    if "list[" in annotation and not isinstance(value, list):
        item = yaml.safe_dump([value], default_flow_style=True).strip()
        return f": write a list, {name}={item}; {name}={item},{item} is two points"
    if annotation.endswith("str") and isinstance(value, int | float):
        return f": write '\"{value}\"' for a text"
    return ""
