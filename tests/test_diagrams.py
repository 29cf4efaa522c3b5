"""The drawings: the committed copy is what the code draws, and every run writes the same bytes."""

import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, book_tool

from dfa_utils.figures import RULE_LOOKS

diagrams = book_tool("diagrams")
COMMITTED = ROOT / "book" / "_static" / "error_paths.svg"

# Versions of Matplotlib round differently and bring other font outlines: half a point is less than
# the width of a line. Anything that a reader could see moves further or changes the rest.
TOLERANCE = 0.5
NUMBER = re.compile(r"(?<![\w#.-])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")


def skeleton(svg):
    """Return an SVG text without its numbers."""
    return re.sub(r"\s+", " ", NUMBER.sub("0", svg))


def numbers(svg):
    """Return the numbers of an SVG text, in their order."""
    return np.array(NUMBER.findall(svg), dtype=float)


def assert_same_picture(drawn, committed):
    """Compare two SVG texts: the same elements, colours and glyphs at the same places."""
    assert skeleton(drawn) == skeleton(committed)
    np.testing.assert_allclose(numbers(drawn), numbers(committed), rtol=0, atol=TOLERANCE)


@pytest.fixture
def drawn(tmp_path):
    """The SVG text that the code draws now."""
    diagrams.write_svg(diagrams.draw_error_paths(), tmp_path / "drawn.svg")
    return (tmp_path / "drawn.svg").read_text()


def test_committed_copy_is_what_the_code_draws(drawn):
    assert_same_picture(drawn, COMMITTED.read_text())


def test_two_processes_write_the_same_bytes(drawn, tmp_path):
    path = tmp_path / "again.svg"
    subprocess.run([sys.executable, "book/tools/diagrams.py", path], cwd=ROOT, check=True)
    assert path.read_text() == drawn


def test_the_users_settings_do_not_reach_the_picture(drawn, tmp_path, monkeypatch):
    import matplotlib

    settings = {"font.family": "serif", "mathtext.fontset": "cm", "svg.fonttype": "none"}
    with matplotlib.rc_context(settings):
        diagrams.main([str(tmp_path / "other.svg")])
    assert (tmp_path / "other.svg").read_text() == drawn


def test_picture_needs_no_font_no_date_and_no_network(drawn):
    assert "<text" not in drawn
    assert "font-family" not in drawn
    assert "<dc:date>" not in drawn
    assert "<image" not in drawn
    links = re.findall(r'href="([^"]*)"', drawn)
    assert links and all(link.startswith("#") for link in links)


def test_each_rule_is_drawn_in_its_colour(drawn):
    for rule in ("BP", "FA", "DFA"):
        assert RULE_LOOKS[rule].colour.lower() in drawn


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda svg: svg.replace("#0072b2", "#0073b2"), id="colour"),
        pytest.param(lambda svg: svg.replace("stroke-dasharray", "stroke-dashes", 1), id="dashes"),
        pytest.param(lambda svg: re.sub(r"<use[^>]*/>", "", svg, count=1), id="missing glyph"),
        pytest.param(lambda svg: re.sub(r"M (\d+)", r"M 1\1", svg, count=1), id="moved line"),
    ],
)
def test_a_changed_picture_is_noticed(drawn, change):
    changed = change(drawn)
    assert changed != drawn
    with pytest.raises(AssertionError):
        assert_same_picture(changed, drawn)


def test_the_smallest_letters_are_legible_on_a_phone():
    assert diagrams.SMALL * 350 / diagrams.WIDTH >= 9
