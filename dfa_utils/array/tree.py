"""Nested lists and tuples of arrays, all of them stacks of networks: (seeds, ...)."""

from dfa_utils.array.backend import namespace_of


def map_arrays(function, *trees):
    """Apply a function to the arrays at the same place of nested lists and tuples.

    Parameters
    ----------
    function : callable
    *trees : list, tuple, NamedTuple or array
        All of one structure.

    Returns
    -------
    list, tuple, NamedTuple or array
        Of that structure, with what the function returns in the places of the arrays.
    """
    first = trees[0]
    if not isinstance(first, list | tuple):
        return function(*trees)
    items = [map_arrays(function, *parts) for parts in zip(*trees, strict=True)]
    return type(first)(*items) if hasattr(first, "_fields") else type(first)(items)


def leaves(tree):
    """Return the arrays of nested lists and tuples, in order, list of array."""
    found = []
    map_arrays(found.append, tree)
    return found


def copy_arrays(tree):
    """Return the same values in memory of their own, each array with its order of axes kept."""
    return map_arrays(lambda array: namespace_of(array).asarray(array, copy=True), tree)


def in_c_order(tree):
    """Return the same values in memory of their own, with the last axis in one piece."""

    def own(array):
        xp = namespace_of(array)
        flat = xp.reshape(xp.asarray(array, copy=True), (-1,), copy=True)
        return xp.reshape(flat, array.shape)

    return map_arrays(own, tree)


def take_seeds(tree, rows):
    """Return the networks of the given rows, in memory of their own.

    Parameters
    ----------
    tree : nested list of array (seeds, ...)
    rows : sequence of int

    Returns
    -------
    nested list of array (len(rows), ...)
    """
    return map_arrays(
        lambda array: namespace_of(array).stack([array[row, ...] for row in rows]), tree
    )


def join_seeds(trees):
    """Return one stack of several, in their order.

    Parameters
    ----------
    trees : sequence of nested list of array (seeds, ...)

    Returns
    -------
    nested list of array (all seeds, ...)
    """
    return map_arrays(lambda *arrays: namespace_of(arrays[0]).concat(arrays, axis=0), *trees)
