"""The commands that check a build against another, and pinned versions against a database."""

import subprocess
import sys

import nbformat
import pytest
from conftest import ROOT, book_tool
from replication import GENTLE_TO_HARSH, difference_of_orders, difference_of_precisions

from dfa_utils.chapter.stored import load_results


@pytest.mark.parametrize(
    ("first", "second", "tolerance", "lines"),
    [
        ({"a": 1.0}, {"a": 1.0}, 0, []),
        ({"a": 1.0}, {"a": 1.0 + 2**-52}, 0, ["a: 1.0 and 1.0000000000000002"]),
        ({"a": 1.0}, {"a": 1.4}, 0.5, []),
        ({"a": 1.0}, {"a": 1.6}, 0.5, ["a: 1.0 and 1.6"]),
        ({"a": 1.0}, {"a": None}, 9, ["a: 1.0 and None"]),
        ({"a": 1}, {"a": True}, 9, ["a: 1 and True"]),
        ({"a": float("inf")}, {"a": 1}, 9, ["a: inf and 1"]),
        ({"a": [1, [2, 3]]}, {"a": [1, [2, 4]]}, 0, ["a[1][1]: 3 and 4"]),
        ({"a": [1, 2]}, {"a": [1]}, 9, ["a: [1, 2] and [1]"]),
        ({"n": {"a": "x"}}, {"n": {"a": "y"}}, 9, ["n a: 'x' and 'y'"]),
        ({"n": {"a": 1}}, {"n": {}}, 9, ["n a: only in the first"]),
        ({}, {"m": {}}, 9, [" m: only in the second"]),
    ],
)
def test_every_difference_is_a_line(first, second, tolerance, lines):
    assert list(book_tool("verify").compare(first, second, tolerance)) == lines


def test_parameters_are_compared_and_seconds_are_not():
    records = {"seconds": 3, "error": 1.0, "provenance": {"commit": "x", "parameters": {"a": 1}}}
    kept = book_tool("verify").records_to_compare(records)
    assert kept == {"error": 1.0, "provenance": {"a": 1}}


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(SystemExit, match="has no executed notebook"):
        book_tool("verify").read_folder(tmp_path)


def write_result(folder, *sources):
    folder.mkdir()
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "x.ipynb")


def test_notebooks_without_records_are_the_same(tmp_path, capsys, monkeypatch):
    write_result(tmp_path / "one", "1")
    write_result(tmp_path / "two", "2")
    monkeypatch.setattr(sys, "argv", ["verify", str(tmp_path / "one"), str(tmp_path / "two")])
    book_tool("verify").main()
    assert "0 records of 1 notebooks are the same to the bit." in capsys.readouterr().out


def test_kinds_of_outputs_are_compared_and_not_what_they_hold(tmp_path, capsys, monkeypatch):
    tool, stream = book_tool("verify"), {"output_type": "stream", "name": "stdout"}
    picture = nbformat.v4.new_output("display_data", {"image/png": "", "text/plain": "figure"})
    pieces = [nbformat.from_dict(stream | {"text": text}) for text in ("a", "b")]
    for folder, outputs in (
        ("one", [*pieces, picture]),
        ("two", [pieces[0], picture]),
        ("three", pieces),
    ):
        write_result(tmp_path / folder, "draw()")
        path = tmp_path / folder / "x.ipynb"
        notebook = nbformat.read(path, 4)
        notebook.cells[0].outputs = outputs
        nbformat.write(notebook, path)
    assert tool.outputs_of(tmp_path / "one") == tool.outputs_of(tmp_path / "two")
    monkeypatch.setattr(sys, "argv", ["verify", str(tmp_path / "one"), str(tmp_path / "three")])
    with pytest.raises(SystemExit, match=r"x cell 1: \['stdout', 'image/png', 'text/plain'\] and"):
        tool.main()


def test_the_audit_is_pip_audits_own():
    command = ["make", "-n", "audit", f"VENV={sys.prefix}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (line,) = (line for line in done.stdout.splitlines() if "pip_audit" in line)
    assert line.split("-m ")[1].startswith("pip_audit --local --skip-editable")


def test_the_replication_in_two_precisions_follows_the_chapter():
    small = {"dataset": "digits", "num_epochs": 2, "seeds": [0, 1], "backend": "numpy"}
    small |= {"hidden_sizes": [16], "learning_rate": 0.3, "feedback_scale": 0.1}
    found = difference_of_precisions(**small)
    names = {f"{rule}_precision_{what}" for rule in ("bp", "dfa") for what in ("difference", "std")}
    assert set(found) == names
    assert all(0 <= value < 20 for value in found.values())
    assert found["dfa_precision_difference"] < 1


def test_the_two_orders_of_the_pixels_are_the_same_but_for_rounding():
    found = difference_of_orders(num_epochs=1, name="digits", train_samples=200)
    names = {f"{name}_order_{what}" for name in GENTLE_TO_HARSH for what in ("seed", "mean", "std")}
    assert set(found) == names
    assert found["sgd_gentle_order_seed"] < 1
    assert all(
        found[f"{name}_order_mean"] <= found[f"{name}_order_seed"] for name in GENTLE_TO_HARSH
    )


def test_the_stored_soak_lost_nothing():
    soak = load_results("soak")
    assert soak["kills"] >= 1000 and soak["kills_during_a_write"] >= 100
    assert soak["runs_ended_with_the_same_bits"] >= 20
    assert soak["damaged_checkpoints"] == soak["damaged_checkpoints_refused"] > 100_000
    assert soak["functions"] >= 30
    assert soak["garbage_calls"] >= soak["garbage_refused"] > 20_000
    for rule in ("bp", "dfa"):
        assert soak[f"{rule}_precision_difference"] < 3 * soak[f"{rule}_precision_std"] + 0.1
