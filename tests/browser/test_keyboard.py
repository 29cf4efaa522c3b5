"""Reading with the keyboard alone."""

import pytest

from browser.accessibility import violations
from browser.site_map import CHAPTERS, OPENING
from browser.visit import PHONE

SEARCH = ".search-button__button"
CHAPTER = next(path for path in CHAPTERS if path.startswith("notebooks/"))
# What holds the focus, whether some of it can be seen, and whether the round of the page is over.
FOCUSED = """async () => {
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    const focused = document.activeElement;
    const box = focused.getBoundingClientRect();
    const places = [0.5, 0.05, 0.95].flatMap((x) => [0.5, 0.05, 0.95].map((y) => [x, y]));
    const seen = focused.checkVisibility({ opacityProperty: true }) && places.some(([x, y]) => {
        const top = document.elementFromPoint(box.x + x * box.width, box.y + y * box.height);
        return focused.contains(top) || top?.contains(focused);
    });
    const areas = ['#pst-skip-link', 'nav[aria-label=Main]', 'article', '.prev-next-footer',
        '.bd-header-article', '.bd-sidebar-primary'];
    const over = focused === document.body || window.visited.has(focused);
    window.visited.add(focused);
    return { html: focused.outerHTML.slice(0, 200), seen, over,
        area: areas.find((area) => focused.closest(area)) ?? 'elsewhere' };
}"""


def walk(page, key):
    """Press a key until the focus has been everywhere; return what it came by."""
    page.evaluate("window.visited = new Set()")
    stops = []
    while True:
        page.keyboard.press(key)
        stop = page.evaluate(FOCUSED)
        if stop["over"]:
            return stops
        stops.append(stop)


@pytest.mark.parametrize("path", [OPENING, CHAPTER])
def test_tab_comes_by_everything_and_nothing_hides_it(path, open_page):
    page = open_page(path).page
    there = walk(page, "Tab")
    assert "Skip to main content" in there[0]["html"]
    for area in ("nav[aria-label=Main]", "article", ".prev-next-footer", ".bd-header-article"):
        assert any(stop["area"] == area for stop in there), area
    for name in ("search-button", "theme-switch-button", "navbar-brand"):
        assert any(name in stop["html"] for stop in there), name
    back = walk(page, "Shift+Tab")
    assert len(back) == len(there)
    assert [stop["html"] for stop in there + back if not stop["seen"]] == []


def test_the_skip_link_leads_to_the_text(open_page):
    page = open_page(OPENING).page
    page.keyboard.press("Tab")
    assert page.locator("#pst-skip-link a").is_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**#main-content")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def press(page, selector, key="Enter"):
    """Press a button with the keyboard."""
    page.locator(f"{selector}:visible").first.focus()
    page.keyboard.press(key)


def is_focused(selector):
    """Return a condition in JavaScript: an element that matches holds the focus."""
    return f"document.activeElement.matches('{selector}')"


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_the_search_opens_closes_and_gives_the_focus_back(mode, open_page):
    shown = open_page(CHAPTER, mode=mode)
    page = shown.page
    press(page, SEARCH)
    page.wait_for_function(is_focused("#pst-search-dialog input"))
    shown.wait_until_drawn()
    assert violations(page, within="#pst-search-dialog") == []
    page.keyboard.press("Escape")
    page.wait_for_function(is_focused(SEARCH))
    assert not page.locator("#pst-search-dialog").is_visible()


def test_the_switch_of_modes_keeps_the_focus(open_page):
    page = open_page(OPENING).page
    modes = set()
    for _ in range(3):
        press(page, ".theme-switch-button", "Space")
        page.wait_for_function(is_focused(".theme-switch-button"))
        modes.add(page.evaluate("document.documentElement.dataset.mode"))
    assert modes == {"light", "dark", "auto"}


def test_the_contents_open_on_a_phone_and_give_the_focus_back(open_page):
    page = open_page(CHAPTER, window=PHONE).page
    for toggle, dialog in (("primary", "primary"), ("secondary", "secondary")):
        press(page, f".{toggle}-toggle")
        page.locator(f"#pst-{dialog}-sidebar-modal a:visible").first.wait_for()
        page.keyboard.press("Escape")
        page.wait_for_function(is_focused(f".{toggle}-toggle"))
        assert not page.locator(f"#pst-{dialog}-sidebar-modal").is_visible()


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_menus_open_and_close(mode, open_page):
    shown = open_page(CHAPTER, mode=mode)
    page = shown.page
    menus = page.locator(".article-header-buttons .dropdown-toggle").all()
    assert menus
    for menu in menus:
        menu.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('.dropdown-menu.show a') !== null")
        shown.wait_until_drawn()
        assert violations(page, within=".dropdown-menu.show") == []
        page.keyboard.press("ArrowDown")
        page.wait_for_function("document.activeElement.closest('.dropdown-menu.show') !== null")
        page.keyboard.press("Escape")
        page.wait_for_function("document.querySelector('.dropdown-menu.show') === null")


def test_folded_source_opens(open_page):
    page = open_page(CHAPTER).page
    block = page.locator("article details").first
    source = block.locator("pre").first
    assert not source.is_visible()
    block.locator("summary").first.focus()
    page.keyboard.press("Enter")
    source.wait_for()
    page.keyboard.press("Enter")
    source.wait_for(state="hidden")
