"""The playground trains, says in the address how it is set, and gives its curves away."""

import csv
import io
import json
import re

import numpy as np
import pytest

from browser.accessibility import violations
from browser.interactives import PLAYGROUND, TABLE, caption_says, ready
from browser.visit import visit


def percent(cell):
    """Return the number of a cell of the table."""
    return float(cell.removesuffix(" %"))


@pytest.mark.parametrize("place", ["served", "file"])
def test_the_playground_trains_by_keyboard(place, browser, site_address, site_folder):
    address = site_address if place == "served" else site_folder.as_uri() + "/"
    with visit(browser, address) as shown:
        page = ready(shown.go(PLAYGROUND))
        caption_says(page, "Epoch 0:")  # nothing starts by itself
        assert not page.locator("#fig-playground").is_visible()
        before = page.evaluate(TABLE)
        assert list(before) == ["BP", "FA", "DFA"]
        assert all(cells[0] == "none" and percent(cells[1]) > 70 for cells in before.values())
        for epoch in (1, 2):
            page.get_by_role("button", name="One epoch").press("Enter")
            caption_says(page, f"Epoch {epoch}:")
        after = page.evaluate(TABLE)
        assert after["BP"][2:] == ["0°", "0°"]
        for rule in after:
            assert percent(after[rule][1]) < percent(before[rule][1])
        # Two epochs: the feedback of FA and DFA has begun to fit.
        for rule in ("FA", "DFA"):
            angles = [[float(c.removesuffix("°")) for c in t[rule][2:]] for t in (before, after)]
            assert all(late < early - 5 for early, late in zip(*angles, strict=True))
        page.get_by_role("button", name="Reset").press("Enter")
        caption_says(page, "Epoch 0:")
        assert page.evaluate(TABLE) == before
        assert not [trouble for trouble in shown.troubles if trouble.startswith(("ex", "out"))]


def wait_beyond(page, epoch):
    """Wait until the table is that of a later epoch; a running playground waits for nobody."""
    page.wait_for_function(
        """(epoch) => {
            const caption = document.querySelector('.play caption').textContent;
            return Number(caption.match(/Epoch (\\d+):/)[1]) > epoch;
        }""",
        arg=epoch,
    )


def test_the_playground_starts_and_pauses(open_page):
    page = ready(open_page(PLAYGROUND))
    page.get_by_role("button", name="Start", exact=True).click()
    wait_beyond(page, 0)
    page.get_by_role("button", name="Pause").click()
    status = page.get_by_role("status").filter(has_text="Paused. After epoch")
    status.wait_for()
    epoch = int(re.search(r"epoch (\d+)", status.text_content())[1])
    caption_says(page, f"Epoch {epoch}:")
    table = page.evaluate(TABLE)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert page.evaluate(TABLE) == table
    for rule, cells in table.items():
        assert f"{rule} {cells[1]}" in status.text_content()
    page.get_by_role("button", name="Start", exact=True).click()
    wait_beyond(page, epoch)


def test_the_experiments_of_the_text_set_the_controls(open_page):
    page = ready(open_page(PLAYGROUND))
    buttons = page.get_by_role("button", name="Set up:")
    assert buttons.count() == 7
    buttons.nth(1).press("Enter")
    assert page.get_by_label("initial weights").input_value() == "0"
    page.get_by_role("button", name="One epoch").click()
    caption_says(page, "Epoch 1:")
    table = page.evaluate(TABLE)
    assert table["BP"][2:] == ["none", "none"]
    assert "none" not in table["DFA"]
    buttons.nth(2).click()
    assert page.get_by_label("initial weights").input_value() == "0.1"
    assert len(page.evaluate(TABLE)["DFA"]) == 2 + 5
    assert page.locator(".play-charts svg").count() == 2 + 5


def test_a_rule_can_be_left_out(open_page):
    page = ready(open_page(PLAYGROUND))
    page.get_by_label("FA", exact=True).press("Space")
    assert list(page.evaluate(TABLE)) == ["BP", "DFA"]
    for rule in ("BP", "DFA"):
        page.get_by_label(rule, exact=True).press("Space")
    assert page.evaluate(TABLE) == {}
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("status").filter(has_text="Choose a rule.").wait_for()


def test_every_rule_trains_and_shows_its_angles_of_either_kind(open_page):
    page = ready(open_page(f"{PLAYGROUND}#rules=bp,fa,dfa,drtp,ss,kp"))
    start = page.evaluate(TABLE)
    assert list(start) == ["BP", "FA", "DFA", "DRTP", "SS", "KP"]
    page.get_by_role("button", name="One epoch").click()
    caption_says(page, "Epoch 1: errors, and the angle of what")
    sent = page.evaluate(TABLE)
    assert all(percent(sent[rule][1]) < percent(start[rule][1]) for rule in sent)
    assert not any("none" in cells for cells in sent.values())
    page.get_by_label("angles of").select_option("matrices")
    caption_says(page, "Epoch 1: errors, and the angle of the matrix")  # the runs go on
    matrices = page.evaluate(TABLE)
    for rule, cells in matrices.items():
        assert cells[:2] == sent[rule][:2]
        assert (cells[2:] == ["none", "none"]) == (rule in ("BP", "SS"))
        box = page.get_by_label(rule, exact=True)
        words = page.locator(f"#{box.get_attribute('aria-describedby')}").inner_text()
        assert re.fullmatch(r"the (error|output error|target)\b.{20,}", words)


def test_curves_stay_in_their_frame(open_page):
    """In a deep network, feedback that is far too strong turns what is sent right round."""
    settings = "rules=kp&feedback_scale=2&hidden_sizes=32,32,32,32,32"
    page = ready(open_page(f"{PLAYGROUND}#{settings}"))
    angles = page.locator(".play-charts figure").nth(2)
    assert "180" not in angles.text_content()
    page.get_by_role("button", name="One epoch").click()
    caption_says(page, "Epoch 1:")
    assert max(float(cell.removesuffix("°")) for cell in page.evaluate(TABLE)["KP"][2:]) > 120
    assert "180" in angles.text_content()


FIRST = "rules=bp,fa,dfa&init_scale=0.1&feedback_scale=0.3&learning_rate=0.1&weight_decay=0"
FIRST += "&hidden_sizes=32,32&seed=0&angles=errors"
SET = {"initial weights": "0.3", "feedback (": "1", "learning rate": "0.03", "seed": "4"}
SET |= {"weight decay": "0.003", "hidden layers": "4,4", "angles of": "matrices"}
AS_SET = "rules=bp,fa,dfa,kp&init_scale=0.3&feedback_scale=1&learning_rate=0.03&weight_decay=0.003"
AS_SET += "&hidden_sizes=4,4&seed=4&angles=matrices"


def fragment(page):
    """Return what stands behind the # of the address."""
    return page.evaluate("location.hash.slice(1)")


@pytest.mark.parametrize("place", ["served", "file"])
def test_the_address_keeps_every_setting_and_brings_it_back(
    place, browser, site_address, site_folder
):
    address = site_address if place == "served" else site_folder.as_uri() + "/"
    with visit(browser, address) as shown:
        page = ready(shown.go(f"{PLAYGROUND}#what-to-try"))
        assert fragment(page) == "what-to-try"  # nothing is written before something is set
        length = page.evaluate("history.length")
        for label, value in SET.items():
            page.get_by_label(label).select_option(value)
        page.get_by_label("KP", exact=True).press("Space")
        assert fragment(page) == AS_SET
        assert page.evaluate("history.length") == length  # the way back is as short as before
        page.get_by_role("button", name="One epoch").click()
        caption_says(page, "Epoch 1:")
        table = page.evaluate(TABLE)
        page.reload()
        ready(shown)
        for label, value in SET.items():
            assert page.get_by_label(label).input_value() == value
        page.get_by_role("button", name="One epoch").click()
        caption_says(page, "Epoch 1:")
        assert page.evaluate(TABLE) == table  # the same seed, the same numbers
        # Another link, opened on the page itself; a link to a heading changes nothing.
        page.evaluate("location.hash = 'seed=2&rules=dfa'")
        caption_says(page, "Epoch 0:")
        assert list(page.evaluate(TABLE)) == ["DFA"]
        page.evaluate("location.hash = 'how-it-is-made'")
        assert page.get_by_label("seed").input_value() == "2"
        page.get_by_role("button", name="Set up: as at first").click()
        assert fragment(page) == FIRST
        assert not [trouble for trouble in shown.troubles if trouble.startswith(("ex", "out"))]


@pytest.mark.parametrize(
    "hostile",
    [
        "rules=<img src=x onerror=document.title='taken'>&seed=9",
        "seed=%3Cscript%3Edocument.title='taken'%3C/script%3E",
        "rules=__proto__&init_scale=1e999&hidden_sizes=99999999&angles=constructor",
        "learning_rate=%E0%A4%A&%%%=%00",
    ],
)
def test_what_an_address_says_otherwise_is_not_heard(hostile, open_page):
    shown = open_page(f"{PLAYGROUND}#{hostile}")
    page = ready(shown)
    title = page.title()
    assert "taken" not in title and not shown.troubles
    assert list(page.evaluate(TABLE)) == ["BP", "FA", "DFA"]
    page.get_by_label("seed").select_option("1")
    assert fragment(page) == FIRST.replace("seed=0", "seed=1")
    assert page.locator(".play img, .play script").count() == 0
    assert page.title() == title


def test_the_link_is_copied_or_else_selected(browser, site_address):
    copy = "Copy link to these settings"
    with visit(browser, site_address) as shown:
        page = ready(shown.go(PLAYGROUND))
        link = f"{site_address}{PLAYGROUND}#{FIRST}"
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.get_by_role("button", name=copy).press("Enter")
        page.get_by_role("status").filter(has_text="The link is copied.").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == link
        field = page.get_by_label("Link to these settings", exact=True)
        assert not field.is_visible()
        for broken in ("{ writeText: () => Promise.reject(new Error()) }", "undefined"):
            page.evaluate(
                "(value) => Object.defineProperty(navigator, 'clipboard',"
                " { value: eval(`(${value})`), configurable: true })",
                broken,
            )
            page.get_by_role("button", name=copy).press("Enter")
            page.get_by_role("status").filter(has_text="the link is selected").wait_for()
            assert field.input_value() == link
            ends = field.evaluate("(it) => [it.selectionStart, it.selectionEnd]")
            assert ends == [0, len(link)] and field.evaluate("(it) => it.matches(':focus')")
            assert violations(page, within=".play") == []
            page.get_by_label("seed").select_option(label="3")  # that link is no longer true
            assert not field.is_visible()
            page.get_by_label("seed").select_option(label="0")


# The first curve of the second chart that has so many points.
DRAWN = """(count) => [...document.querySelectorAll('.play-charts figure:nth-child(2) path')]
    .map((path) => path.getAttribute('d'))
    .filter((path) => path.split(/[ML]/).length === count + 1).slice(0, 1)"""


@pytest.mark.parametrize("place", ["served", "file"])
def test_the_files_hold_what_is_shown(place, browser, site_address, site_folder):
    address = site_address if place == "served" else site_folder.as_uri() + "/"
    with visit(browser, address) as shown:
        page = ready(shown.go(f"{PLAYGROUND}#rules=dfa,drtp&seed=1&init_scale=0.3"))
        for epoch in (1, 2, 3):
            page.get_by_role("button", name="One epoch").click()
            caption_says(page, f"Epoch {epoch}:")
        saved = {}
        for kind in ("CSV", "JSON"):
            with page.expect_download() as download:
                page.get_by_role("button", name=f"Download curves ({kind})").press("Enter")
            file = download.value
            ending = kind.lower()
            name = f"dfa-playground-dfa-drtp-layers-32-32-seed-1-epochs-3.{ending}"
            assert file.suggested_filename == name
            saved[ending] = file.path().read_text("utf-8")
        rows = list(csv.DictReader(io.StringIO(saved["csv"])))
        assert len(rows) == 2 * 4 == len(json.loads(saved["json"]))
        assert {row["init_scale"] for row in rows} == {"0.3"}
        last = {row["rule"]: row for row in rows if row["epoch"] == "3"}
        table = page.evaluate(TABLE)
        for rule, (train, test, *angles) in table.items():
            row = last[rule.lower()]
            assert float(row["train_error_percent"]) == pytest.approx(percent(train), abs=0.051)
            assert float(row["test_error_percent"]) == pytest.approx(percent(test), abs=0.051)
            for layer, angle in enumerate(angles, start=1):
                found = float(row[f"error_angle_layer_{layer}_degrees"])
                assert found == pytest.approx(float(angle.removesuffix("°")), abs=0.51)
        # And the curve itself: on a logarithmic axis, heights are even in the logarithm.
        (path,) = page.evaluate(DRAWN, len(rows) // 2)
        heights = [float(point.split(",")[1]) for point in re.split("[ML]", path)[1:]]
        errors = [float(row["test_error_percent"]) for row in rows if row["rule"] == "dfa"]
        slope, start = np.polyfit(np.log(errors), heights, 1)
        assert max(heights) - min(heights) > 10  # pixels, as the next one
        np.testing.assert_allclose(slope * np.log(errors) + start, heights, atol=0.01)
        assert not [trouble for trouble in shown.troubles if trouble.startswith(("ex", "out"))]
