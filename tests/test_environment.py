"""``python -m dfa_utils``: what a report of a problem needs, whatever is broken."""

import subprocess
import sys

import numpy as np
from conftest import ROOT

import dfa_utils
from dfa_utils.chapter import environment
from dfa_utils.data.datasets import DATASETS


def test_the_command_prints_package_device_versions_and_data():
    command = [sys.executable, "-m", "dfa_utils"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["dfa_utils"].startswith(f"{dfa_utils.__version__}, commit ")
    assert lines["numpy"] == np.__version__
    assert " on " in lines["device"]
    assert all(f"data, {name} " in done.stdout for name in DATASETS)
    assert done.stderr == ""


def test_data_that_are_there_are_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("DFA_DATA", str(tmp_path))
    assert environment._data("mnist") == f"{tmp_path / 'mnist'}, nothing yet"
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "images").write_bytes(bytes(2_000_000))
    assert environment._data("mnist") == f"{tmp_path / 'mnist'}, 2 MB"
    assert environment._data("digits") == "part of scikit-learn"


def test_what_is_broken_is_said_in_its_line(monkeypatch):
    def broken():
        raise OSError("no\ndriver")

    monkeypatch.setattr(environment, "get_backend", broken)
    text = environment.describe_environment()
    assert "device                 cannot be told: OSError: no driver\n" in text
    assert f"numpy                  {np.__version__}\n" in text
