"""What holds for every page, in light and in dark mode."""

import itertools

import pytest

from browser.site_map import PAGES
from browser.visit import visit


@pytest.fixture(scope="module", params=itertools.product(PAGES, ["light", "dark"]), ids=" ".join)
def shown(request, browser, site_address):
    """Every page, open in a window, in each mode: one visit for all tests of this module."""
    path, mode = request.param
    with visit(browser, site_address, mode) as open_visit:
        yield open_visit.go(path)


def test_opens_without_trouble(shown):
    assert shown.troubles == []
    assert len(shown.requests) > 10
