"""What may be asked for: refused before any work, in one line, by one table of limits."""

from dfa_utils.validation.checking import (
    Checked,
    check,
    check_instance,
    check_parameters,
    check_path,
    check_type,
    choose,
    numbers,
    refuse,
    shorten,
)
from dfa_utils.validation.limits import ARGUMENTS, PARAMETERS, register

__all__ = [
    "ARGUMENTS",
    "PARAMETERS",
    "Checked",
    "check",
    "check_instance",
    "check_parameters",
    "check_path",
    "check_type",
    "choose",
    "numbers",
    "refuse",
    "register",
    "shorten",
]
