"""The site without scripts, its address, and what a first visit weighs."""

import gzip
from urllib.parse import unquote, urlsplit

import pytest

from browser.interactives import PLAYGROUND
from browser.site_map import CHAPTERS, OPENING
from browser.visit import visit

LIMIT = 1_300_000  # bytes, compressed


@pytest.mark.parametrize("path", CHAPTERS)
def test_reads_without_scripts(path, readers, site_address):
    """The text and every still picture are there."""
    with readers.visit(site_address, scripts=False) as shown:
        page = shown.go(path).page
        # Scripts that the page asks for ahead of time are called off.
        assert [trouble for trouble in shown.troubles if ".js?" not in trouble] == []
        assert len(page.locator("article").inner_text()) > 500
        for picture in page.locator("article img").all():
            assert picture.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0
            folded = picture.locator("xpath=ancestor::details").count()
            assert folded or picture.is_visible()
        assert page.locator("nav[aria-label=Main] a").first.is_visible()


def test_the_address_of_the_site_leads_to_the_opening_page(browser, site_address):
    with visit(browser, site_address) as shown:
        shown.page.goto(site_address)
        shown.page.wait_for_url(site_address + OPENING)


def test_the_first_visit_is_light(open_page, site_folder):
    """All that the opening page loads, each file compressed as servers do."""
    shown = open_page(OPENING)
    paths = {unquote(urlsplit(address).path.lstrip("/")) for address in shown.requests}
    assert OPENING in paths
    weights = {path: len(gzip.compress((site_folder / path).read_bytes(), 6)) for path in paths}
    heaviest = sorted(weights.items(), key=lambda item: -item[1])[:10]
    assert sum(weights.values()) < LIMIT, heaviest


@pytest.mark.parametrize(
    ("part", "reason", "is_noted"),
    [("logo", "aborted", False), ("logo", "failed", True), ("basic.css", "aborted", True)],
)
def test_only_an_icon_that_is_given_up_is_no_trouble(part, reason, is_noted, browser, site_address):
    """The reader who leaves a page before its icon is there gives that up."""
    with visit(browser, site_address) as shown:

        def refuse(route):
            wanted = route.request.resource_type != "image" and part in route.request.url
            route.abort(reason) if wanted else route.continue_()

        shown.page.route("**/*", refuse)
        with shown.page.expect_event("requestfailed", lambda request: part in request.url):
            shown.go(PLAYGROUND)
        assert any(part in trouble for trouble in shown.troubles) == is_noted
