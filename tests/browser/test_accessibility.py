"""What is wrong on a page is found, although of many texts that look alike few are asked."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from browser.accessibility import LOOKS, violations
from browser.interactives import PLAYGROUND, ready

ALL = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}


def colours(failures):
    """Return what axe-core says of the colours and sizes in its verdicts, without the elements."""
    return {re.search(r"contrast of .*?Expected", text, re.DOTALL)[0] for text in failures}


FAINT = """
main a { color: #bbb !important }
main p { opacity: 0.4 }
.play td { background: #888 !important }
button { color: #999 !important }
"""


def test_every_look_of_faint_text_is_found(open_page):
    """As by asking every text."""
    page = ready(open_page(PLAYGROUND))
    page.add_style_tag(content=FAINT)
    response = Axe().run(page, options=ALL).response["violations"]
    every = [node["failureSummary"] for rule in response for node in rule["nodes"]]
    assert len(colours(every)) >= 4
    assert colours(violations(page)) == colours(every)


PLANTED = """() => document.querySelector('article').insertAdjacentHTML('beforeend',
    `<div class="planted"><img src="x.png"><p style="color: #aaa">Faint.</p>
    <button style="width: 9px; padding: 0">a</button><button style="width: 9px">b</button></div>`)
"""


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {"color-contrast", "image-alt", "target-size"}),
        ({"within": ".planted"}, {"color-contrast", "image-alt", "target-size"}),
        ({"within": "nav[aria-label=Main]"}, set()),
        ({"rules": LOOKS}, {"color-contrast", "target-size"}),
    ],
)
def test_what_is_asked_is_chosen(chosen, expected, open_page):
    page = open_page(PLAYGROUND).page
    page.evaluate(PLANTED)
    assert {line.partition(":")[0] for line in violations(page, **chosen)} == expected
