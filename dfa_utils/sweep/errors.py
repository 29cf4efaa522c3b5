"""What keeps a sweep from going on."""

from contextlib import contextmanager


class SweepError(Exception):
    """The sweep cannot begin or go on; the text says why."""


@contextmanager
def refusals(advice=""):
    """Let what the validator refuses keep a sweep from beginning; advice ends the text."""
    try:
        yield
    except ValueError as error:
        raise SweepError(f"{error}{advice}") from None
