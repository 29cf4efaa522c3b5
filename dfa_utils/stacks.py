"""Networks that are trained at once: take some out of the stack, and put them in order again.

Parameters, feedback matrices and the state of an optimizer are nested lists and tuples of arrays
whose first axis is that of the seeds.
"""

from dfa_utils.arrays import namespace_of


def map_arrays(function, *nested):
    """Apply a function to the arrays at the same place of nested lists and tuples.

    Parameters
    ----------
    function : callable
    *nested : list, tuple, NamedTuple or array
        All of one structure.

    Returns
    -------
    list, NamedTuple or array
        Of that structure, with what the function returns in the places of the arrays.
    """
    first = nested[0]
    if not isinstance(first, (list, tuple)):
        return function(*nested)
    items = [map_arrays(function, *parts) for parts in zip(*nested, strict=True)]
    return type(first)(*items) if hasattr(first, "_fields") else items


def take_networks(nested, rows):
    """Return a smaller stack, with the networks of the given rows.

    Parameters
    ----------
    nested : nested list of array (seeds, ...)
    rows : sequence of int

    Returns
    -------
    nested list of array (len(rows), ...)
        In memory of their own.
    """

    def take(array):
        xp = namespace_of(array)
        return xp.stack([array[row, ...] for row in rows])

    return map_arrays(take, nested)


def join_networks(by_row):
    """Return the stack of networks that were kept one by one.

    Parameters
    ----------
    by_row : dict of int to nested list of array (1, ...)

    Returns
    -------
    nested list of array (networks, ...)
        In the order of the keys.
    """
    ordered = [by_row[row] for row in sorted(by_row)]
    return map_arrays(lambda *arrays: namespace_of(arrays[0]).concat(arrays, axis=0), *ordered)
