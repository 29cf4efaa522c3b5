"""A notebook as Colab runs it: alone in a folder, the package installed by its first cell."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path
from types import SimpleNamespace

import colab
import pytest

from dfa_utils.chapter import setup

ON_CPU = "The networks train on the CPU. For a GPU: Runtime > Change runtime type"


@pytest.mark.network
def test_a_notebook_runs_as_on_colab(tmp_path):
    """One of them; `make colab` runs all. In one test, as each run installs the package anew."""
    repository = colab.copy_as_repository(tmp_path / "repository")
    colab.link_packages(Path(sysconfig.get_path("purelib")), tmp_path / "base")
    python = colab.new_environment(tmp_path / "environment", sys.executable, tmp_path / "base")
    outcome = colab.run_notebook("bp_vs_dfa", python, tmp_path / "content", repository)

    # The first cell installs the package and what it needs, and nothing that was there.
    assert "dfa-utils" not in outcome.before and "array-api-compat" not in outcome.before
    assert set(colab.USUAL) <= set(outcome.before)
    assert outcome.changed == {}
    assert {entry.split()[0] for entry in outcome.brought} == {"dfa-utils", "array-api-compat"}
    # It was that package, not this checkout, whose stored results have been read.
    assert outcome.package.parts[-3:] == ("site-packages", "dfa_utils", "__init__.py")
    assert outcome.package.is_relative_to(tmp_path / "environment")
    # A reader learns what trains, how to switch, and where the interactive figures are.
    assert outcome.printed.count(ON_CPU) == 1
    assert outcome.shown.count("on the page of this chapter in the book.") == 1


@pytest.mark.parametrize("is_colab", [True, False])
def test_only_colab_is_told(capsys, monkeypatch, is_colab):
    if is_colab:
        monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    setup.Chapter({"backend": "numpy"})
    assert (ON_CPU in capsys.readouterr().out) is is_colab


def test_a_gpu_is_named():
    line = setup._device_and_how_to_switch(SimpleNamespace(device_name="Tesla T4"))
    assert line == "The networks train on the GPU, Tesla T4."


def test_a_changed_package_is_noticed():
    before = {"numpy": "2.0.2", "torch": "2.9.0"}
    outcome = colab.Outcome(before, before | {"numpy": "2.4.6", "x": "1"}, Path(), {})
    assert outcome.changed == {"numpy": ("2.0.2", "2.4.6")}
    assert outcome.brought == ["numpy 2.4.6", "x 1"]


def test_a_version_installed_before_another_counts(tmp_path):
    """As where pip cannot replace what lies elsewhere and installs another version before it."""
    python = colab.new_environment(tmp_path / "environment", sys.executable, tmp_path / "base")
    (own,) = (tmp_path / "environment").glob("lib/python*/site-packages")
    for folder, version in ((tmp_path / "base", "1"), (own, "2")):
        info = folder / f"twice-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Twice\nVersion: {version}\n")
    command = [python, "-c", colab.VERSIONS]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["twice"] == "2"


def test_the_copy_holds_the_working_tree_and_no_more(tmp_path):
    copy = colab.copy_as_repository(tmp_path / "copy")
    listed = colab.git(copy, "ls-tree", "-r", "--name-only", "main").split("\n")
    assert {"pyproject.toml", "dfa_utils/__init__.py", "notebooks/bp_vs_dfa.ipynb"} <= set(listed)
    assert not [name for name in listed if name.startswith((".venv/", "_build/"))]
    text = (colab.ROOT / "dfa_utils" / "__init__.py").read_text("utf-8")
    assert colab.git(copy, "show", "main:dfa_utils/__init__.py") == text
