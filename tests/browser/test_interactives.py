"""The interactive figures: they answer to the mouse and to the keyboard, and are still without."""

import json
import re

import pytest

from browser.accessibility import violations
from browser.interactives import PLAYGROUND, TABLE, ready
from browser.visit import PHONE

EMBEDDINGS = "notebooks/bp_vs_dfa.html"
EPOCHS = "notebooks/alignment.html"
PAGES = [EMBEDDINGS, EPOCHS, PLAYGROUND]
# Where a marked image lies, and where its point does, in every panel.
RINGS = """() => [...document.querySelectorAll('.play-panels svg')].map((svg) => {
    const ring = svg.querySelector('.play-ring');
    return ['cx', 'cy'].map((name) => Number(ring.getAttribute(name)));
})"""
POINTS = """(index) => [...document.querySelectorAll('.play-panels svg')].map((svg) => {
    const point = svg.querySelectorAll('circle:not(.play-ring)')[index];
    return ['cx', 'cy'].map((name) => Number(point.getAttribute(name)));
})"""


def data_of(site_folder, path):
    """Return the data that a page carries for its figure."""
    page = (site_folder / path).read_text(encoding="utf-8")
    (text,) = re.findall(r'data-play=.*?<script type="application/json">(.*?)</script>', page)
    return json.loads(text)


def test_pointing_at_an_image_shows_it_in_every_panel(open_page, site_folder):
    page = ready(open_page(EMBEDDINGS))
    data = data_of(site_folder, EMBEDDINGS)
    index = len(data["labels"]) // 2
    x, y = page.evaluate(POINTS, index)[2]
    panel = page.locator(".play-panels svg").nth(2)
    panel.scroll_into_view_if_needed()
    scale = panel.bounding_box()["width"] / float(panel.get_attribute("width"))
    panel.hover(position={"x": scale * x, "y": scale * y})
    name = data["classNames"][data["labels"][index]]
    page.get_by_text(f"image {index + 1} of {len(data['labels'])}, class {name}").wait_for()
    assert page.evaluate(RINGS) == page.evaluate(POINTS, index)
    assert page.locator(".play-image").get_attribute("aria-label") == f"The image, of class {name}."


def test_the_slider_steps_through_the_images(open_page):
    page = ready(open_page(EMBEDDINGS))
    slider, image = page.get_by_role("slider"), page.locator(".play-image")
    shown = [image.get_attribute("style")]
    slider.focus()
    for index in (1, 2):
        page.keyboard.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext").startswith(f"image {index + 1} of")
        assert page.evaluate(RINGS) == page.evaluate(POINTS, index)
        shown.append(image.get_attribute("style"))
    assert len(set(shown)) == 3
    counts = [int(cells[0]) for cells in page.evaluate(TABLE).values()]
    assert len(counts) == page.locator(".play-panels svg").count()
    assert all(0 <= count <= 10 for count in counts) and max(counts) > 2


def assert_shown(text, unit, values, place, tolerance):
    """Look for a mean with its unit, and in brackets the range of the seeds."""
    if values["mean"][place] is None:
        assert text == "none"
        return
    mean, low, high = re.fullmatch(rf"([\d.]+){unit} \(([\d.]+) to ([\d.]+)\)", text).groups()
    for name, shown in (("mean", mean), ("low", low), ("high", high)):
        assert float(shown) == pytest.approx(values[name][place], abs=tolerance)


def test_the_slider_moves_through_the_epochs(open_page, site_folder):
    page = ready(open_page(EPOCHS))
    runs = data_of(site_folder, EPOCHS)["runs"]
    page.get_by_role("slider").focus()
    for start, run in runs.items():
        page.get_by_label("start").select_option(start)
        epochs = len(run["dfa"]["testError"]["mean"])
        for key, epoch in (("End", epochs), ("ArrowLeft", None)):
            page.get_by_role("slider").press(key)
            at = epoch or epochs - 1
            assert page.get_by_role("slider").get_attribute("aria-valuetext").endswith(str(at))
            table = page.evaluate(TABLE)
            for rule, (error, *angles) in table.items():
                stored = run[rule.lower()]
                assert_shown(error, " %", stored["testError"], at - 1, 0.051)
                for layer, angle in zip(stored["angles"], angles, strict=True):
                    assert_shown(angle, "°", layer, at, 0.51)
        # An arrow for the true error and one for what is sent, where there are both.
        dials = page.locator(".play-dial-row svg")
        assert dials.count() == 2 * len(run["dfa"]["angles"])
    page.get_by_label("start").select_option("zero")
    page.get_by_role("slider").press("Home")
    assert page.locator(".play-dial-row svg").first.locator("g").count() == 1
    page.get_by_role("slider").press("End")
    assert page.locator(".play-dial-row svg").first.locator("g").count() == 2


@pytest.mark.parametrize("path", PAGES)
def test_without_scripts_there_is_a_picture_and_a_sentence(path, open_page):
    page = open_page(path, scripts=False).page
    assert "Where scripts run" in page.locator(".play").inner_text()
    assert page.locator("main figure img").first.is_visible()
    assert not page.locator("[data-experiment]").filter(visible=True).count()


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_the_figures_can_be_used_by_everyone(path, mode, open_page):
    """WCAG 2.2 AA, and no scrolling sideways on a phone, once the figures stand."""
    page = ready(open_page(path, mode=mode, window=PHONE))
    assert violations(page, within=".play") == []
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    whole, window = page.evaluate(widths)
    assert whole <= window
