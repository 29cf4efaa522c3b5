"""Refuse what is not allowed before any work, in one line: the name, what is allowed, the value."""

import os
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import get_args

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from dfa_utils.parameters import ARGUMENTS, PARAMETERS

# Nothing is converted but integers to floats: "5" is not 5, and True is not 1.
STRICT = ConfigDict(strict=True, allow_inf_nan=False)

LONGEST_VALUE = 100  # letters of a value in an error

# What pydantic finds, by its own names, as what follows "must be".
ALLOWED = {
    "int_type": "an integer",
    "float_type": "a number",
    "finite_number": "finite",
    "string_type": "text",
    "string_unicode": "text",
    "list_type": "a list",
    "literal_error": "one of {expected}",
    "greater_than": "> {gt:g}",
    "greater_than_equal": ">= {ge:g}",
    "less_than": "< {lt:g}",
    "less_than_equal": "<= {le:g}",
    "string_too_short": "at least {min_length} long",
    "too_short": "at least {min_length} long",
    "too_long": "at most {max_length} long",
}
# What goes wrong between a terminal, YAML and Python.
HINTS = {
    "list_type": " (papermill takes a list by -y or -f, not by -p)",
    "float_type": " (YAML takes 1e-4 for text: write 1.0e-4)",
}


def check(name, value, meaning=None):
    """Return a value as plain Python, if it is what a parameter of this name may be.

    Parameters
    ----------
    name : str
        It begins the error's text.
    value : object
    meaning : str, optional
        The name in `dfa_utils.parameters.ARGUMENTS`, where it is another one.

    Returns
    -------
    object
        With NumPy's numbers as Python's, and arrays and tuples as lists.

    Raises
    ------
    ValueError
        If it is not; the text is one line such as ``learning_rate must be > 0, got -0.1``.
    """
    return _validate(name, value, ARGUMENTS[meaning or name])


def check_parameters(values):
    """Return the parameters of a notebook, if each and all together are allowed.

    Parameters
    ----------
    values : dict
        By name; each is one of `dfa_utils.parameters.PARAMETERS`.

    Returns
    -------
    dict
        As `check` returns them.

    Raises
    ------
    ValueError
        At the first that is not allowed.
    """
    check_instance("parameters", values, dict)
    for name in values:
        if name not in PARAMETERS:
            refuse("parameters", f"of {', '.join(PARAMETERS)}", name)
    checked = {name: _validate(name, value, PARAMETERS[name]) for name, value in values.items()}
    if checked.get("feedback_initialiser") == "weights" and checked.get("rule") != "fa":
        refuse("rule", "'fa' where feedback_initialiser is 'weights'", checked.get("rule"))
    return checked


def check_fields(instance, **meanings):
    """Check every field of a frozen dataclass, and keep it as plain Python.

    Parameters
    ----------
    instance : object
    **meanings : str
        As in `check`, for fields that are called something else in the table.
    """
    for field in fields(instance):
        value = check(field.name, getattr(instance, field.name), meanings.get(field.name))
        object.__setattr__(instance, field.name, value)  # it is frozen for others


def check_instance(name, value, kind):
    """Raise ValueError if a value is not of a class, which the text names."""
    if not isinstance(value, kind):
        refuse(name, f"a {kind.__name__}", value)


def check_path(name, value, allowed="a path"):
    """Return a value as a ``pathlib.Path``, or refuse it: ``name must be allowed``."""
    if not isinstance(value, str | os.PathLike) or "\0" in str(value):
        refuse(name, allowed, value)
    return Path(value)


def refuse(name, allowed, value):
    """Raise ValueError: ``name must be allowed, got value``, in one line."""
    raise ValueError(f"{name} must be {allowed}, got {shorten(value)}") from None


def shorten(value):
    """Return the representation of a value, cut and in one line."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # whatever a foreign class raises, or an integer of thousands of digits
        text = object.__repr__(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def numbers(name, value, allowed):
    """Return a value as a NumPy array of numbers, or refuse it: ``name must be allowed``."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # lists of unequal lengths, or of bytes
        refuse(name, allowed, value)
    if array.dtype.kind not in "fiu":
        refuse(name, allowed, value)
    return array


def _validate(name, value, kind):
    """Return a value of a type of `dfa_utils.parameters`, or refuse it."""
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as found:
        error = found.errors(include_url=False)[0]
    place = "".join(f"[{index}]" for index in error["loc"])
    kind_of_error, given = error["type"], error["input"]
    if kind_of_error == "must_be":
        allowed = error["msg"]
    else:
        allowed = ALLOWED[kind_of_error].format(**error.get("ctx", {})).replace(" or ", ", ")
    if type(None) in get_args(kind) and not place:
        allowed += ", or None"
    hint = HINTS.get(kind_of_error, "") if isinstance(given, str) else ""
    refuse(name + place, allowed + hint, given)


@cache
def _adapter(kind):
    """Return pydantic's reader of a type, which takes a moment to make."""
    return TypeAdapter(kind, config=STRICT)
