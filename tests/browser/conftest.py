"""The site, served, and a browser; both are shared by all tests of a process.

A test that needs Chromium is skipped where there is none; with DFA_REQUIRE_BROWSER set, it fails.
DFA_SITE names the folder of a site that is built already; without it one is built.
"""

import os
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from browser.site_map import served
from browser.visit import NAMES, Readers, find_chromium, launched, visit


@pytest.fixture(scope="session")
def site_folder(request):
    """The folder of the built site; not to be changed."""
    if "DFA_SITE" in os.environ:
        return Path(os.environ["DFA_SITE"]).resolve()
    smoke_book = request.getfixturevalue("smoke_book")
    assert smoke_book.status == "0", smoke_book.output
    return smoke_book.html


@pytest.fixture(scope="session")
def site_address(site_folder):
    """The address of the site on this machine, with a slash at the end."""
    with served(site_folder) as address:
        yield address


# No longer than this package's tests: Playwright's event loop would stop others from having one.
@pytest.fixture(scope="package")
def browser():
    """Chromium, without a window."""
    path = find_chromium()
    if path is None:
        missing = f"no Chromium on the PATH ({', '.join(NAMES)})"
        if os.environ.get("DFA_REQUIRE_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright, launched(playwright, path) as chromium:
        yield chromium


@pytest.fixture(scope="package")
def readers(browser):
    """Those who look at every page, for tests that only read."""
    return Readers(browser)


@pytest.fixture
def open_page(browser, site_address):
    """A function that opens a page of the site in a new window and returns the Visit.

    Its arguments are the path of the page and those of `visit`.
    """
    with ExitStack() as windows:

        def open_in_new_window(path, **options):
            return windows.enter_context(visit(browser, site_address, **options)).go(path)

        yield open_in_new_window
