"""The file of a checkpoint: damage, a full disk, pickles, and the notebooks that keep one."""

import ast
import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT
from damage import count_refusals, cuts, flips, mixtures
from kill_and_resume import broken_off, interrupt_at, run

from dfa_utils.checkpoints import (
    FORMAT,
    CheckpointError,
    checkpoint_path,
    read_checkpoint,
    write_checkpoint,
)
from dfa_utils.records import read_records


@pytest.fixture
def path(tmp_path):
    """Where a test keeps a checkpoint."""
    return tmp_path / "a folder, データ" / "run.checkpoint"


@pytest.fixture
def whole(path):
    """A checkpoint in which some seeds have stopped."""
    return broken_off("dfa", path, run("dfa")[1].epochs_run.min() + 1)


def test_whatever_happens_to_its_bytes_is_noticed(whole):
    content = whole.read_bytes()
    damaged = [*cuts(content, 3), *flips(content, [0, 5], 3), *mixtures(content, 500)]
    damaged += [content + b"\0", b"", b"\n\n"]
    assert count_refusals(content, damaged) >= len(damaged) - 1


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (
            lambda content: content[: len(content) // 2],
            "is damaged: its second line is not",
        ),
        (lambda content: content.replace(b"format 1", b"format 2"), "has format 2, and this code"),
        (lambda content: b"PK" + content, "is not a checkpoint: its first line is another"),
        (lambda content: b"", "is not a checkpoint"),
    ],
    ids=["half", "another format", "another file", "empty"],
)
def test_a_damaged_file_stops_the_run_and_stays(whole, damage, text):
    damaged = damage(whole.read_bytes())
    whole.write_bytes(damaged)
    with pytest.raises(CheckpointError, match=f"{text}.*Remove it to start from the first epoch"):
        run("dfa", checkpoint=whole)
    assert whole.read_bytes() == damaged


def sealed(payload):
    """Return a payload with the lines that belong to it."""
    digest = hashlib.sha256(payload).hexdigest()
    return f"dfa_utils checkpoint, format {FORMAT}\n{digest}\n".encode() + payload


class Trap:
    """An object that notices when it is unpickled."""

    sprung = False

    def __reduce__(self):
        return setattr, (Trap, "sprung", True)


def test_no_pickle_is_read(path):
    buffer = io.BytesIO()
    np.savez(buffer, settings=np.array([Trap()], dtype=object))
    path.parent.mkdir()
    path.write_bytes(sealed(buffer.getvalue()))
    with pytest.raises(CheckpointError, match="does not hold plain arrays"):
        run("bp", checkpoint=path)
    assert not Trap.sprung
    np.load(io.BytesIO(buffer.getvalue()), allow_pickle=True)["settings"]
    assert Trap.sprung, "the trap does not work"


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x93NUMPY", sealed(b"")])
def test_a_sealed_file_without_arrays_is_refused(content, path):
    path.parent.mkdir()
    path.write_bytes(sealed(content))
    with pytest.raises(CheckpointError, match="does not hold plain arrays"):
        read_checkpoint(path)


@pytest.mark.parametrize("lost", ["running", "stack/0", "stack/1", "curves/test_loss"])
def test_a_sealed_file_that_lacks_something_is_refused(lost, path):
    run("bp", num_epochs=1, checkpoint=path)
    settings, arrays = read_checkpoint(path)
    del arrays[lost]
    write_checkpoint(path, settings, arrays)
    with pytest.raises(CheckpointError, match=f"lacks .*{lost}"):
        run("bp", num_epochs=2, checkpoint=path)


def test_a_place_that_cannot_be_written_to_is_found_before_the_first_epoch(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        run("bp", checkpoint=tmp_path / "file" / "run.checkpoint", report=interrupt_at(1))
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        run("bp", checkpoint=tmp_path / "folder", report=interrupt_at(1))


def test_a_notebook_keeps_its_runs_by_name(tmp_path):
    assert checkpoint_path(None, "bp") is None
    assert checkpoint_path(str(tmp_path), "bp") == tmp_path / "bp.checkpoint"
    with pytest.raises(ValueError, match="checkpoint_dir must be text, or None, got 3"):
        checkpoint_path(3, "bp")


NAMES = ("train", "checkpoint_path")


@pytest.mark.parametrize("source", sorted((ROOT / "notebooks").glob("*.py")), ids=lambda p: p.stem)
def test_every_run_of_every_notebook_is_kept(source):
    calls = [
        node
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in ("train", "checkpoint_path")
    ]
    named = [ast.unparse(call.args[1]) for call in calls if call.func.id == "checkpoint_path"]
    assert len(named) == len(set(named)) == len(calls) / 2


def test_a_notebook_that_broke_off_ends_with_the_same_records(tmp_path):
    """The second execution finds the checkpoints of the first; one of them is lost."""
    name, folder, results = "02_frozen_first_layer", tmp_path / "kept", []
    profile = (ROOT / "book/profiles/smoke.yml").read_text(encoding="utf-8")
    profile = profile.replace(f"{name}:", f"{name}:\n  checkpoint_dir: {folder}")
    (tmp_path / "profile.yml").write_text(profile)
    for target in (tmp_path / "first.ipynb", tmp_path / "second.ipynb"):
        command = [sys.executable, "book/tools/execute.py", f"notebooks/{name}.py", target]
        command += ["--profile", tmp_path / "profile.yml", "--cell-timeout", "100"]
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=200)
        assert {entry.stem for entry in folder.iterdir()} == {"02_frozen", "02_bp", "02_dfa"}
        (folder / "02_dfa.checkpoint").unlink()
        records = read_records(target)
        del records["seconds"], records["provenance"]
        results.append(records)
    assert results[0] == results[1]
