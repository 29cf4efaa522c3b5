"""The switch between light and dark mode."""

import pytest

from browser.site_map import CHAPTERS, OPENING
from browser.visit import visit

BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("place", ["served", "file"])
def test_the_choice_is_shown_and_kept(place, browser, site_address, site_folder):
    """Pressed three times it goes through light, dark and what the system prefers."""
    address = site_address if place == "served" else site_folder.as_uri() + "/"
    with visit(browser, address, mode="dark") as shown:
        page = shown.go(OPENING).page
        colours = {"dark": page.evaluate(BACKGROUND)}
        modes = []
        for _ in range(3):
            page.locator(".theme-switch-button:visible").click()
            modes.append(page.evaluate("document.documentElement.dataset.mode"))
            mode = shown.mode()
            assert mode == (modes[-1] if modes[-1] != "auto" else "dark")
            shown.wait_until_drawn()
            assert colours.setdefault(mode, page.evaluate(BACKGROUND)) == page.evaluate(BACKGROUND)
            for path in (OPENING, CHAPTERS[1]):  # kept, here and on another page
                shown.go(path)
                assert page.evaluate("document.documentElement.dataset.mode") == modes[-1]
                assert shown.mode() == mode
        assert sorted(modes) == ["auto", "dark", "light"]
        assert len(set(colours.values())) == 2
        assert shown.troubles == []


def test_without_a_choice_it_follows_the_system(open_page):
    shown = open_page(OPENING, mode="light")
    assert shown.mode() == "light"
    shown.page.emulate_media(color_scheme="dark")
    shown.page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
