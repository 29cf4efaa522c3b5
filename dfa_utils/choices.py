"""Look up what a name stands for, and say what the choice is when it stands for nothing."""

from dfa_utils.checks import refuse


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
        allowed = ", ".join(repr(choice) for choice in choices)
        refuse(parameter, f"one of {allowed}", name)
