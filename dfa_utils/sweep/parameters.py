"""A notebook's parameters: their names, types and defaults, and whether a value fits one."""

import ast
import re
from typing import Any, NamedTuple

import papermill
import yaml

from dfa_utils.sweep.errors import SweepError

TYPES = {"int": int, "float": float, "str": str, "bool": bool}


class Parameter(NamedTuple):
    """A line of the cell that is tagged ``parameters``."""

    name: str
    annotation: str
    default: Any


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
        If a default is not a plain value, which alone can be compared from one day to the next.
    """
    parameters = {}
    for name, found in papermill.inspect_notebook(notebook).items():
        try:
            default = ast.literal_eval(found["default"])
        except (ValueError, SyntaxError):
            raise SweepError(
                f"the default of {name} must be a plain value, got {found['default']}"
            ) from None
        default = check_value(Parameter(name, found["inferred_type_name"], None), default)
        parameters[name] = Parameter(name, found["inferred_type_name"], default)
    return parameters


def check_value(parameter, value):
    """Return a value as the parameter's annotation has it: integers become floats where it says so.

    Parameters
    ----------
    parameter : Parameter
        What is not annotated by an ``int``, ``float``, ``str`` or ``bool``, a ``list[...]`` or an
        ``Optional[...]`` of them takes any value.
    value : object
        As YAML reads it.

    Returns
    -------
    object

    Raises
    ------
    SweepError
        If it does not fit; the text names a form that does.
    """
    try:
        return _fitted(parameter.annotation, value)
    except TypeError:
        wanted = f"{parameter.name} must be {parameter.annotation}, got {value!r}"
        raise SweepError(wanted + _advice(parameter.name, parameter.annotation, value)) from None


def _fitted(annotation, value):
    """Return the value, or raise TypeError."""
    if inner := re.fullmatch(r"Optional\[(.+)\]", annotation):
        return None if value is None else _fitted(inner[1], value)
    if inner := re.fullmatch(r"list\[(.+)\]", annotation):
        if not isinstance(value, list):
            raise TypeError
        return [_fitted(inner[1], item) for item in value]
    if annotation not in TYPES:
        return value
    # A truth value is an integer to Python.
    if annotation == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not TYPES[annotation]:
        raise TypeError
    return value


def _advice(name, annotation, value):
    """Return the end of an error's text: the form that works, where one can be guessed."""
    if "float" in annotation and isinstance(value, str) and (number := yaml_float(value)):
        return f": YAML reads {value} as text, write {number}"
    if "list[" in annotation and not isinstance(value, list):
        item = yaml.safe_dump([value], default_flow_style=True).strip()
        return f": write a list, {name}={item}; {name}={item},{item} is two points"
    if annotation.endswith("str") and isinstance(value, int | float):
        return f": write '\"{value}\"' for a text"
    if annotation == "bool":
        return ": write true or false"
    return ""


def yaml_float(text):
    """Return the form in which YAML reads a number that Python reads, else None.

    YAML wants a point in the first part and a sign in the exponent: ``1.0e-4``, not ``1e-4``.
    """
    number = re.fullmatch(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)", text.strip())
    if not number:
        return None
    whole, fraction, sign, exponent = number.groups()
    return f"{whole}{fraction or '.0'}e{sign or '+'}{exponent}"
