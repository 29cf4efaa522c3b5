"""The search: from the keyboard and from its page, served and from a file."""

import pytest

from browser.site_map import OPENING
from browser.visit import visit

# A word, and a page that it must lead to.
WORDS = [("frozen", "notebooks/frozen_first_layer.html"), ("derivative", "book/theory.html")]


@pytest.fixture(params=["served", "file"])
def opening(request, browser, site_address, site_folder):
    """The opening page, from a server and from a file."""
    address = site_address if request.param == "served" else site_folder.as_uri() + "/"
    with visit(browser, address) as shown:
        yield shown.go(OPENING)


def results(page):
    """Return the addresses of what a search has found, once it is done."""
    # Sphinx fills in the summary of the results last.
    page.locator("#search-results .search-summary", has_text="found").wait_for()
    return [link.get_attribute("href") for link in page.locator("#search-results li a").all()]


def search(page, word):
    """Search for a word with the keyboard alone; return what is found."""
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog input").wait_for()
    page.keyboard.type(word)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/search.html?q={word}")
    return results(page)


@pytest.mark.parametrize("word, path", WORDS)
def test_a_word_leads_to_its_page(opening, word, path):
    found = search(opening.page, word)
    assert path in [address.partition("?")[0].partition("#")[0] for address in found]
    opening.page.locator(f"#search-results li a[href*='{path}']").first.click()
    opening.page.wait_for_url(f"**/{path}*")
    assert word.lower() in opening.page.locator("article").inner_text().lower()
    assert opening.troubles == []


def test_a_word_that_is_nowhere_finds_nothing(opening):
    opening.page.goto(opening.address + "search.html?q=xylophone")
    opening.page.get_by_text("did not match any documents").wait_for()
    assert opening.page.locator("#search-results li").count() == 0
