"""The guide for contributors: what it names is there, and its example runs."""

import re
import subprocess
import sys

import pytest
from conftest import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
INVENTED = "notebooks/my_question.py"


def test_every_command_of_make_is_there():
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]+)", TEXT, re.MULTILINE))
    assert {"new-chapter", "book", "serve", "test", "colab", "links"} <= named
    for target in named:
        assert re.search(rf"^{target}:.*##", MAKEFILE, re.MULTILINE), target


def test_every_file_is_there():
    words = re.findall(r"`([\w./-]+)`", TEXT) + re.findall(r" (tests/\w+\.py)", TEXT)
    files = {word for word in words if "/" in word or word.endswith((".md", ".yml", ".txt"))}
    assert len(files) > 15
    missing = {"myst.yml", INVENTED}  # what one would write
    assert {name for name in files if not (ROOT / name).exists()} == missing


@pytest.mark.parametrize("variable", ["BOOK_RUNNER", "BOOK_PROFILE"])
def test_the_variables_are_those_of_the_workflow(variable):
    publish = (ROOT / ".github" / "workflows" / "publish.yml").read_text("utf-8")
    assert f"`{variable}`" in TEXT and f"vars.{variable}" in publish


def test_the_example_of_a_rule_learns():
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    errors = [float(error) for error in re.findall(r"\d+\.?\d*", done.stdout)]
    assert len(errors) == 2 and max(errors) < 30


def test_the_places_of_a_rule_hold_the_rules():
    """So that the guide is followed by who looks there."""
    for path, word in (
        ("dfa_utils/rules_family.py", "FAMILY = "),
        ("dfa_utils/figures/style.py", "RULE_LOOKS = "),
        ("book/_static/colours.css", "--rule-drtp"),
        ("dfa_utils/__init__.py", "DRTP"),
        ("tests/test_initialisers.py", "drtp"),
        ("notebooks/single_run.py", "drtp"),
    ):
        assert word in (ROOT / path).read_text("utf-8"), path
