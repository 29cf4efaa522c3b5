"""Refuse what is not allowed before any work, in one line: the name, what is allowed, the value."""

import os
import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import ClassVar, get_args

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError

from dfa_utils.validation.limits import ARGUMENTS, PARAMETERS

# Nothing is converted but integers to floats: "5" is not 5, and True is not 1.
STRICT = ConfigDict(strict=True, allow_inf_nan=False)

LONGEST_VALUE = 100  # letters of a value in an error

# What pydantic finds, by its own names, as what follows "must be".
ALLOWED = {
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
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


def check(name, value, meaning=None):
    """Return a value as plain Python, if it is what a parameter of this name may be.

    Parameters
    ----------
    name : str
        It begins the error's text.
    value : object
    meaning : str, optional
        The name in `dfa_utils.validation.limits.ARGUMENTS`, where it is another one.

    Returns
    -------
    object
        With NumPy's numbers as Python's, and arrays and tuples as lists.

    Raises
    ------
    ValueError
        If it is not; the text is one line such as ``learning_rate must be > 0, got -0.1``.
    """
    return check_type(name, value, ARGUMENTS[meaning or name])


def check_parameters(values):
    """Return the parameters of a notebook, if each and all together are allowed.

    Parameters
    ----------
    values : dict
        By name; each is one of `dfa_utils.validation.limits.PARAMETERS`.

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
    checked = {name: check_type(name, value, PARAMETERS[name]) for name, value in values.items()}
    if checked.get("feedback_initialiser") == "weights" and checked.get("rule") != "fa":
        refuse("rule", "'fa' where feedback_initialiser is 'weights'", checked.get("rule"))
    if checked.get("weight_decay") and checked.get("optimizer", "sgd") != "sgd":
        refuse("weight_decay", "0 where the optimizer is not 'sgd'", checked["weight_decay"])
    return checked


class Checked:
    """A frozen dataclass whose fields are checked, and kept as plain Python, when it is made.

    A field whose annotation is a class of this kind must be an instance of it; any other is
    checked where the table knows it, under its name or under that which ``MEANINGS`` gives. What
    the table does not know is a field that a reader's own class has added.
    """

    MEANINGS: ClassVar[dict] = {}

    def __post_init__(self):
        """Check every field."""
        for field in fields(self):
            value, meaning = getattr(self, field.name), self.MEANINGS.get(field.name, field.name)
            if isinstance(field.type, type) and issubclass(field.type, Checked):
                check_instance(field.name, value, field.type)
            elif meaning in ARGUMENTS:  # it is frozen for others
                object.__setattr__(self, field.name, check(field.name, value, meaning))


def check_instance(name, value, kind):
    """Raise ValueError if a value is not of a class, which the text names."""
    if not isinstance(value, kind):
        refuse(name, f"a {kind.__name__}", value)


def check_path(name, value, allowed="a path"):
    """Return a value as a ``pathlib.Path``, ``~`` being the home folder, or refuse it."""
    if not isinstance(value, str | os.PathLike) or "\0" in str(value):
        refuse(name, allowed, value)
    try:
        os.fsencode(value)  # a text that no file can be named by, such as half a surrogate pair
        return Path(value).expanduser()
    except UnicodeEncodeError:
        refuse(name, allowed, value)
    except RuntimeError:  # nobody of that name, or an account without a home folder
        refuse(name, f"{allowed} (no home folder is known for its ~)", value)


def check_type(name, value, kind):
    """Return a value as plain Python if it is of a type, or refuse it.

    Parameters
    ----------
    name : str
        It begins the error's text.
    value : object
    kind : type
        As `dfa_utils.validation.limits` makes them.

    Returns
    -------
    object

    Raises
    ------
    ValueError
    """
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as found:
        error = found.errors(include_url=False)[0]
    place = "".join(f"[{index}]" for index in error["loc"])
    if error["type"] == "must_be":
        allowed = error["msg"]
    else:
        allowed = ALLOWED[error["type"]].format(**error.get("ctx", {})).replace(" or ", ", ")
    if type(None) in get_args(kind) and not place:
        allowed += ", or None"
    refuse(name + place, allowed + _hint(error["type"], error["input"]), error["input"])


def choose(parameter, name, choices):
    """Return ``choices[name]``.

    Parameters
    ----------
    parameter : str
        What the name was given for; it begins the error's text.
    name : str
    choices : dict

    Returns
    -------
    object

    Raises
    ------
    ValueError
        If ``name`` is none of the choices.
    """
    try:
        return choices[name]
    except (KeyError, TypeError):
        refuse(parameter, f"one of {', '.join(map(repr, choices))}", name)


def numbers(name, value, allowed, ndim=None):
    """Return a value as a NumPy array of numbers, or refuse it: ``name must be allowed``.

    With ``ndim`` it has so many axes, and holds something.
    """
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):  # lists of unequal lengths, or of bytes
        refuse(name, allowed, value)
    has_axes = ndim is None or (array.ndim == ndim and array.size)
    if array.dtype.kind not in "fiu" or not has_axes:
        refuse(name, allowed, value)
    return array


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


def _hint(kind_of_error, given):
    """Return what goes wrong between a terminal, YAML and Python, if that is the case."""
    if not isinstance(given, str):
        return ""
    if kind_of_error == "list_type":
        return " (papermill takes a list by -y or -f, not by -p)"
    # YAML wants a point in the first part and a sign in the exponent.
    number = re.fullmatch(r"([-+]?\d+)(\.\d*)?[eE]([-+]?)(\d+)", given.strip())
    if kind_of_error == "float_type" and number and not (number[2] and number[3]):
        whole, fraction, sign, exponent = number.groups()
        form = f"{whole}{fraction or '.0'}e{sign or '+'}{exponent}"
        return f" (YAML takes {given.strip()} for text: write {form})"
    return ""


@cache
def _adapter(kind):
    """Return pydantic's reader of a type, which takes a moment to make."""
    return TypeAdapter(kind, config=STRICT)
