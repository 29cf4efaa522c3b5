"""Exercises to fill in: a cell with a hole, and a line that says what its function does wrong."""

import copy

import numpy as np

from dfa_utils.validation import refuse

TOLERANCE = 1e-4  # of the largest expected value
OPEN = "not filled in yet"
RIGHT = "right"


def check_exercise(function, cases, mistakes):
    """Print in a line whether a reader's function is right, and what is wrong if it is not.

    Whatever the function does, nothing is raised, so that a notebook runs to its end with its
    holes open. A hole is a function that returns nothing, or ``...``.

    Parameters
    ----------
    function : callable
        The reader's. It gets copies of the arguments.
    cases : list of (tuple, array or list of array)
        The arguments, and what is expected: numbers, an array, or several arrays of any shapes.
        NumPy's, small, and made in the cell itself. A generator of random numbers may be an
        argument: it stands at the same place in each call.
    mistakes : dict of str to callable
        By the words that name it, what one may write in error, as a function of the same
        arguments; at least one, and none that is right. It is recognised where it returns the
        same as the reader's function in every case.

    Raises
    ------
    ValueError
        If there is no case or no mistake: an error of who wrote the exercise.

    Examples
    --------
    >>> import numpy as np
    >>> def sent(e, B):
    ...     return e @ B.T
    >>> e, B = np.array([[1.0, 0.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> transposed = {"that is the transposed matrix": lambda e, B: e @ B.T}
    >>> check_exercise(sent, [((e, B), [[1.0, 2.0]])], transposed)
    sent: not yet, that is the transposed matrix
    """
    if not cases:
        refuse("cases", "at least one", cases)
    if not isinstance(mistakes, dict) or not mistakes:
        refuse("mistakes", "a dict of at least one", mistakes)
    verdict = _verdict(function, cases, mistakes)
    print(f"{getattr(function, '__name__', 'the answer')}: {verdict}")


def _verdict(function, cases, mistakes):
    """Return what is to be said of a function, str."""
    answers = []
    for arguments, _ in cases:
        try:
            answers.append(function(*copy.deepcopy(arguments)))
        except NotImplementedError:
            return OPEN
        except Exception as error:
            words = " ".join(str(error).split())  # in one line
            return f"not yet, it raises {type(error).__name__}: {words}"
    if any(answer is None or answer is ... for answer in answers):
        return OPEN
    expected = [value for _, value in cases]
    if not any(map(_difference, answers, expected)):
        return RIGHT
    for words, mistake in mistakes.items():
        if _makes(mistake, cases, answers):
            return f"not yet, {words}"
    return f"not yet, {next(filter(None, map(_difference, answers, expected)))}"


def _makes(mistake, cases, answers):
    """Tell whether a mistake returns these answers."""
    try:
        with np.errstate(all="ignore"):
            made = [mistake(*copy.deepcopy(arguments)) for arguments, _ in cases]
    except Exception:  # where it cannot be made
        return False
    return not any(map(_difference, answers, made))


def _difference(answer, expected):
    """Return in words how an answer differs from what is expected; empty where it does not."""
    if _is_several(expected):
        if not isinstance(answer, list | tuple) or len(answer) != len(expected):
            number = f"{len(answer)}" if isinstance(answer, list | tuple) else "one"
            return f"it returns {number} where {len(expected)} arrays are expected"
        for place, pair in enumerate(zip(answer, expected, strict=True), start=1):
            if words := _difference(*pair):
                return f"array {place} of {len(expected)}: {words}"
        return ""
    expected = np.asarray(expected, dtype=float)
    try:
        answer = np.asarray(answer)
    except Exception:  # ragged lists, and arrays of another device
        answer = np.asarray(None)
    if answer.dtype.kind not in "biuf":
        return f"it returns no numbers, where {_shape(expected)} is expected"
    if answer.shape != expected.shape:
        return f"it returns {_shape(answer)} where {_shape(expected)} is expected"
    answer = answer.astype(float)
    scale = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected)) or 1.0
    wrong = ~np.isclose(answer, expected, rtol=0, atol=TOLERANCE * scale, equal_nan=True)
    if not wrong.any():
        return ""
    place = tuple(int(number) for number in np.argwhere(wrong)[0])
    at = f" at {list(place)}" if place else ""
    return f"the value{at} is {answer[place]:.4g} where {expected[place]:.4g} is expected"


def _is_several(expected):
    """Tell whether a list is of arrays, and not of the numbers of one."""
    return isinstance(expected, list | tuple) and any(isinstance(e, np.ndarray) for e in expected)


def _shape(array):
    """Return the words for the shape of an array."""
    return f"the shape {array.shape}" if array.ndim else "a number"
