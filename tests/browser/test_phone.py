"""Every page on a phone."""

import pytest

from browser.accessibility import violations
from browser.site_map import OPENING, PAGES
from browser.visit import PHONE

# What sticks out to the right of the window, outside of regions that scroll by themselves.
STICKING_OUT = """() => {
    const scrolls = (element) => element && element !== document.body && (
        ['auto', 'scroll', 'hidden'].includes(getComputedStyle(element).overflowX)
        || scrolls(element.parentElement));
    return [...document.querySelectorAll('main *')]
        .filter((element) => element.checkVisibility()
            && element.getBoundingClientRect().right > document.documentElement.clientWidth + 1
            && !scrolls(element.parentElement))
        .map((element) => element.outerHTML.slice(0, 200));
}"""
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways(path, readers, site_address):
    with readers.visit(site_address, window=PHONE) as shown:
        shown.go(path).unfold()
        whole, window = shown.page.evaluate(WIDTHS)
        assert window == PHONE["viewport"]["width"]
        assert whole <= window, shown.page.evaluate(STICKING_OUT)
        assert shown.troubles == []
        assert violations(shown.page) == []  # of the colours, too


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_contents_open_and_lead_to_a_page(mode, open_page):
    shown = open_page(OPENING, mode=mode, window=PHONE)
    page = shown.page
    link = page.locator(".toctree-l1 a:visible").nth(1)
    assert not page.locator("#pst-primary-sidebar").is_visible()
    page.locator(".primary-toggle:visible").click()
    link.wait_for()
    shown.wait_until_drawn()
    assert violations(page) == []
    title = link.inner_text()
    link.click()
    page.wait_for_url(lambda address: not address.endswith(OPENING))
    assert title in page.locator("h1").first.text_content()
