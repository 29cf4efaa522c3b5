"""One colour for each learning rule: the same in figures and on the page, light and dark."""

import re

import numpy as np
import pytest
from conftest import ROOT

from dfa_utils.figures import RULE_LOOKS, looks_of
from dfa_utils.figures.style import FURTHER_LOOKS

STYLES = (ROOT / "book" / "_static" / "colours.css").read_text("utf-8")
# What the theme puts behind text: the page, its side bar and its boxes.
SURFACES = {"light": ("#ffffff", "#f3f4f5"), "dark": ("#14181e", "#222832")}
# The matrix of hue-rotate(180deg), from the specification of filter effects.
TURN = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])


def colours(mode):
    """Return the custom properties of the rules' colours, by name."""
    selector = ":root" if mode == "light" else 'html[data-theme="dark"]'
    block = STYLES.split(f"{selector} {{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--(rule-[\w-]+): (#[0-9a-f]{6});", block))


def channels(colour):
    """Return red, green and blue of ``#rrggbb``, from 0 to 1."""
    return np.array([int(colour[start : start + 2], 16) for start in (1, 3, 5)]) / 255


def luminance(colour):
    """Return the relative luminance of WCAG 2.2."""
    values = channels(colour)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def contrast(first, second):
    """Return the contrast ratio of WCAG 2.2."""
    dark, light = sorted([luminance(first), luminance(second)])
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("rule", RULE_LOOKS)
def test_light_colours_are_those_of_the_figures(rule):
    assert colours("light")[f"rule-{rule.lower()}"] == RULE_LOOKS[rule].colour.lower()


@pytest.mark.parametrize("rule", RULE_LOOKS)
def test_dark_colours_are_what_the_filter_makes_of_the_figures(rule):
    assert "invert(1) hue-rotate(180deg)" in STYLES
    seen = np.clip(TURN @ (1 - channels(RULE_LOOKS[rule].colour)), 0, 1)
    declared = channels(colours("dark")[f"rule-{rule.lower()}"])
    np.testing.assert_allclose(seen, declared, atol=1.5 / 255)


@pytest.mark.parametrize("mode", SURFACES)
def test_colours_stand_out_from_the_page(mode):
    found = colours(mode)
    assert set(found) == {
        f"rule-{rule.lower()}{end}" for rule in RULE_LOOKS for end in ("", "-text")
    }
    for name, colour in found.items():
        if name.endswith("-text"):
            assert min(contrast(colour, surface) for surface in SURFACES[mode]) >= 4.5, name
        else:
            assert contrast(colour, SURFACES[mode][0]) >= 3, name


def test_logo_reads_in_both_modes():
    logo = (ROOT / "book" / "_static" / "logo.svg").read_text("utf-8")
    found = set(re.findall(r"#[0-9a-f]{6}", logo))
    assert RULE_LOOKS["DFA"].colour.lower() in found and len(found) == 2
    for colour in found:
        for surfaces in SURFACES.values():
            assert contrast(colour, surfaces[0]) >= 3


def test_looks_differ_without_colour_too():
    looks = [*RULE_LOOKS.values(), *FURTHER_LOOKS]
    for kind in ("colour", "line", "marker"):
        assert len({getattr(look, kind) for look in looks}) == len(looks), kind
    for look in looks:
        assert contrast(look.colour, "#ffffff") >= 3, look


def test_a_rule_without_a_look_gets_one():
    looks = looks_of(["mine", "DFA", "yours"])
    assert list(looks) == ["mine", "DFA", "yours"]
    assert looks["DFA"] == RULE_LOOKS["DFA"]
    assert (looks["mine"], looks["yours"]) == FURTHER_LOOKS[:2]
    assert len(looks_of(map(str, range(20)))) == 20
