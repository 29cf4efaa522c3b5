"""The contents on a phone; what holds for every page there is in test_every_page.py."""

import pytest

from browser.accessibility import violations
from browser.site_map import OPENING
from browser.visit import PHONE


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
