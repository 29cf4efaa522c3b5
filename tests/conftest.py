"""What all tests share."""

import pytest

from dfa_utils.arrays import cuda_is_available


def pytest_collection_modifyitems(items):
    """Skip, visibly, what needs a CUDA device where none answers."""
    if cuda_is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device answers"))
