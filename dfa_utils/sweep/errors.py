"""What stops a sweep."""


class SweepError(Exception):
    """The sweep cannot begin or go on; the text says what to change."""
