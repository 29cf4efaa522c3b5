"""What holds for every page: on a phone, served, in light mode; on a desk, a file, in dark mode."""

import itertools
import re

import pytest

from browser.accessibility import LOOKS, violations
from browser.site_map import CHAPTERS, PAGES
from browser.visit import DESKTOP, PHONE, TALL

# Text that a reader sees as text: neither code nor mathematics that has been set.
PROSE = """() => {
    const main = document.querySelector('main').cloneNode(true);
    main.querySelectorAll('pre, code, mjx-container, script, style').forEach((e) => e.remove());
    return main.textContent;
}"""
PICTURES = """() => [...document.querySelectorAll('img, svg, canvas')]
    .filter((picture) => !picture.closest('mjx-container, button, [aria-hidden=true]'))
    .map((picture) => [
        picture.outerHTML.slice(0, 200),
        picture.closest('article') !== null,
        picture.getAttribute(picture.localName === 'img' ? 'alt' : 'aria-label')
            ?? picture.querySelector('title')?.textContent ?? null,
    ])"""
TABLES = """() => [...document.querySelectorAll('table')].map((table) => [
    table.outerHTML.slice(0, 200),
    [...table.querySelectorAll('th')].map((cell) => cell.textContent.trim()),
])"""
HEADINGS = """() => [...document.querySelectorAll('main :is(h1, h2, h3, h4, h5, h6)')]
    .filter((heading) => heading.checkVisibility())
    .map((heading) => Number(heading.localName[1]))"""
NEIGHBOURS = """() => ['left-prev', 'right-next'].map(
    (side) => document.querySelector(`.prev-next-footer a.${side}`)?.href)"""

# What can have the focus and does not show it. Without transitions: they begin with the old looks.
UNMARKED = """() => {
    const still = document.createElement('style');
    still.textContent = '* { transition: none !important; }';
    document.head.append(still);
    const frame = ([element, part]) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element, part);
        return `${boxShadow} ${outlineStyle !== 'none' && parseFloat(outlineWidth) > 0}`;
    };
    // The frame may belong to a part of what has the focus, or to its label.
    const looks = (element) => [element, ...element.children, element.nextElementSibling ?? element]
        .flatMap((part) => [[part, null], [part, '::before'], [part, '::after']]).map(frame).join();
    const unmarked = [];
    for (const element of document.querySelectorAll(
        'a[href], button, input, select, textarea, summary, [tabindex="0"]')) {
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        document.activeElement.blur();
        const before = looks(element);
        element.focus({ focusVisible: true });
        if (document.activeElement === element && looks(element) === before) {
            unmarked.push(element.outerHTML.slice(0, 200));
        }
    }
    still.remove();
    document.activeElement.blur();
    return unmarked;
}"""


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

# Each page is visited twice, and the two visits differ in all that might matter: from a server, or
# as from a USB stick, where the pages are opened as files.
WAYS = {"phone": ("light", PHONE), "desk": ("dark", DESKTOP)}


@pytest.fixture(
    scope="module", params=[(path, way) for path in PAGES for way in WAYS], ids=" ".join
)
def shown(request, readers, site_address, site_folder):
    """Every page, open in a window, in each way: one visit for all tests of this module."""
    path, way = request.param
    address = site_address if way == "phone" else site_folder.as_uri() + "/"
    mode, window = WAYS[way]
    with readers.visit(address, mode=mode, window=window) as open_visit:
        open_visit.path, open_visit.expected_mode, open_visit.window = path, mode, window
        yield open_visit.go(path)


def test_opens_without_trouble(shown):
    assert shown.troubles == []
    assert len(shown.requests) > 10


def test_is_shown_in_the_mode_that_the_reader_prefers(shown):
    assert shown.mode() == shown.expected_mode
    colour = shown.page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", colour)[:3])) / 3
    assert brightness > 200 if shown.expected_mode == "light" else brightness < 60


def test_mathematics_is_set(shown):
    page = shown.page
    sources = page.locator("article .math").count()
    assert page.locator("article .math:has(mjx-container)").count() == sources
    assert page.locator("mjx-merror").count() == 0
    assert not re.search(r"\$|\\[()\[\]]|\\[a-z]{3,}", page.evaluate(PROSE))


def test_pictures_say_what_one_sees(shown):
    """In a sentence, English or Japanese; charts that change have a name and say more in text."""
    for picture, in_article, text in shown.page.evaluate(PICTURES):
        assert text is not None, picture
        if in_article and not picture.startswith("<img"):
            assert text, picture
        elif in_article and text:  # empty on purpose: it decorates
            assert re.fullmatch(r"\S+( \S+){4,}\.|\S{15,}。", text), picture


def test_tables_have_headers(shown):
    for table, headers in shown.page.evaluate(TABLES):
        assert headers and all(headers[1:]), table  # the corner may be empty


def test_headings_form_a_tree(shown):
    levels = shown.page.evaluate(HEADINGS)
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in itertools.pairwise(levels)), levels


def test_previous_and_next_follow_the_table_of_contents(shown):
    if shown.path not in CHAPTERS:
        return
    around = [None, *(shown.address + path for path in CHAPTERS), None]
    place = CHAPTERS.index(shown.path)
    assert shown.page.evaluate(NEIGHBOURS) == [around[place], around[place + 2]]


def test_the_focus_is_visible(shown):
    assert shown.page.evaluate(UNMARKED) == []


def test_nothing_makes_a_page_scroll_sideways(shown):
    shown.unfold()
    whole, window = shown.page.evaluate(WIDTHS)
    assert window == shown.window["viewport"]["width"]
    assert whole <= window, shown.page.evaluate(STICKING_OUT)
    assert shown.troubles == []  # of what was folded, too


def test_meets_wcag_2_2_aa(shown):
    """With everything unfolded; last, since the other tests see the page as it opens.

    On a desk the window is made taller than the side bar: where that scrolls, axe-core takes the
    part of a link that shows at its edge for the whole target. So it does with a link under the bar
    at the top. What does not hang on how the page is drawn is the same both times, and asked once.
    """
    if shown.window is DESKTOP:
        shown.page.set_viewport_size(TALL)
    shown.unfold()
    shown.page.evaluate("window.scrollTo(0, 0)")
    assert violations(shown.page, rules=None if shown.window is PHONE else LOOKS) == []
