"""The file of a checkpoint: damage, a full disk, pickles, odd places, and two who write it."""

import ast
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from damage import count_refusals, cuts, flips, mixtures
from kill_and_resume import MEASURE, STOPS, Interrupted, broken_off, interrupt_at, run, start
from small_data import bits

from dfa_utils import Checkpoint
from dfa_utils.chapter.checkpoints import (
    FORMAT,
    CheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from dfa_utils.chapter.records import read_records


@pytest.fixture
def path(tmp_path):
    """Where a test keeps a checkpoint."""
    return tmp_path / "a folder, データ" / "run.checkpoint"


@pytest.fixture
def whole(path):
    """A checkpoint in which some seeds have stopped."""
    return broken_off("dfa", path, run("dfa").history.epochs_run.min() + 1)


def test_whatever_happens_to_its_bytes_is_noticed(whole):
    content = whole.read_bytes()
    damaged = [*cuts(content, 7), *flips(content, [0, 5], 7), *mixtures(content, 500)]
    damaged += [content + b"\0", b"", b"\n\n"]
    assert count_refusals(content, damaged) >= len(damaged) - 1


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda content: content[: len(content) // 2], "is damaged: its second line is not"),
        (lambda content: content.replace(b"format 2", b"format 1", 1), "has format 1, and this co"),
        (lambda content: b"PK" + content, "is not a checkpoint: its first line is another"),
        (lambda content: b"", "is not a checkpoint"),
    ],
    ids=["half", "the format before", "another file", "empty"],
)
def test_a_damaged_file_stops_the_run_and_stays(whole, damage, text):
    damaged = damage(whole.read_bytes())
    whole.write_bytes(damaged)
    with pytest.raises(CheckpointError, match=f"{text}.*Remove it to start from the first epoch"):
        run("dfa", whole)
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
        run("bp", path)
    assert not Trap.sprung
    np.load(io.BytesIO(buffer.getvalue()), allow_pickle=True)["settings"]
    assert Trap.sprung, "the trap does not work"


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x93NUMPY", sealed(b"")])
def test_a_sealed_file_without_arrays_is_refused(content, path):
    path.parent.mkdir()
    path.write_bytes(sealed(content))
    with pytest.raises(CheckpointError, match="does not hold plain arrays"):
        read_checkpoint(path)


@pytest.mark.parametrize("lost", ["running", "state/0", "state/1", "curves/train_error"])
def test_a_sealed_file_that_lacks_something_is_refused(lost, path):
    run("bp", path, epochs=1)
    settings, arrays = read_checkpoint(path)
    del arrays[lost]
    write_checkpoint(path, settings, arrays)
    with pytest.raises(CheckpointError, match=f"lacks .*{lost}"):
        run("bp", path, epochs=2)


def places(folder):
    """Return places where no checkpoint can be, each with what is said of it."""
    (folder / "file").touch()
    (folder / "folder").mkdir()
    return {
        folder / "file" / "run": "cannot be read (Not a directory)",
        folder / "folder": "cannot be read (Is a directory)",
        Path("/proc/nowhere/run"): "cannot be written (No such file or directory)",
        folder / ("long" * 100): "cannot be read (File name too long)",
    }


def test_a_place_that_cannot_be_used_is_named_before_the_first_epoch(tmp_path):
    for place, text in places(tmp_path).items():
        with pytest.raises(OSError) as caught:
            run("bp", place, report=interrupt_at(1))
        assert str(caught.value).endswith(f"the checkpoint {place} {text}")
        assert caught.value.errno


def test_that_an_earlier_one_is_kept_is_said_where_there_is_one(path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"cannot be written \(No space left on device\)$"):
        run("bp", path)
    assert not path.exists()
    monkeypatch.undo()
    run("bp", path, epochs=2)
    content = path.read_bytes()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"on device\); an earlier one is kept$"):
        run("bp", path, epochs=3)
    assert path.read_bytes() == content


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    run("bp", "~/kept/run.checkpoint", epochs=1)
    assert (tmp_path / "home" / "kept" / "run.checkpoint").is_file()
    assert not (tmp_path / "~").exists()
    with pytest.raises(ValueError, match=r"checkpoint must be a path .*no home folder.*'~nobody"):
        Checkpoint("~nobody-of-this-name/run")


def test_two_who_write_one_checkpoint_both_end_well(path):
    """As two workers do, of which the scheduler had given up the first."""
    expected = bits(run("dfa"))
    code = f"import sys; from kill_and_resume import run; run('dfa', {str(path)!r}); print('done')"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command, options = [sys.executable, "-c", code], {"cwd": ROOT / "tests", "env": environment}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen(command, **options, **pipes) for _ in range(2)]
    for writer in writers:
        output, errors = writer.communicate(timeout=200)
        assert (output, errors) == ("done\n", "")
    assert bits(run("dfa", path, report=interrupt_at(1))) == expected
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_run_that_broke_off_in_a_notebook_goes_on_from_its_checkpoint(path):
    """The reader presses stop, and executes the cell again: with the same run, in one process."""
    expected, stopped = bits(run("dfa")), run("dfa").history.epochs_run
    for epoch in (1, stopped.min() + 1, stopped.max()):
        notebook = start("dfa")
        for report in (interrupt_at(epoch), interrupt_at(epoch), None):
            content = path.read_bytes() if path.exists() else None
            try:
                arguments = {"stop": STOPS["dfa"], "checkpoint": Checkpoint(path)}
                notebook.fit(24, measure=MEASURE, report=report, **arguments)
            except Interrupted:
                assert content is None or path.read_bytes() == content
        assert bits(notebook) == expected
        path.unlink()


def test_its_settings_say_what_decides_the_numbers(path):
    run("dfa", path, epochs=1)
    settings, arrays = read_checkpoint(path)
    assert json.loads(json.dumps(settings)) == settings
    assert {"rule", "code of rule", "code", "start", "data set", "stop"} <= settings.keys()
    assert arrays["measured/angles"].shape == (2, 4, 2)


SOURCES = sorted((ROOT / "notebooks").glob("*.py"))


# Their runs have a network that holds arrays, other data in each epoch, or a stop of their own:
# nothing that a checkpoint could tell from another one. They are short.
WITHOUT_CHECKPOINTS = {"features", "lazy_or_rich", "learning_before_learning", "two_tasks"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_run_of_every_notebook_is_kept(source):
    """Under a name that no other notebook has; two runs of one name would refuse each other."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    fits = [call for call in calls if getattr(call.func, "attr", "") == "fit"]
    names = [
        ast.unparse(call.args[0])
        for call in calls
        if getattr(call.func, "attr", "") == "checkpoint"
    ]
    assert len(names) == (0 if source.stem in WITHOUT_CHECKPOINTS else len(fits))
    assert all(re.match(f"f?'{source.stem}", name) for name in names)


def test_a_notebook_that_broke_off_ends_with_the_same_records(tmp_path):
    """The second execution finds the checkpoints of the first; one of them is lost."""
    name, folder, results = "frozen_first_layer", tmp_path / "kept", []
    profile = (ROOT / "book/profiles/smoke.yml").read_text(encoding="utf-8")
    profile = profile.replace(f"{name}:", f"{name}:\n  checkpoint_dir: {folder}")
    (tmp_path / "profile.yml").write_text(profile)
    for target in (tmp_path / "first.ipynb", tmp_path / "second.ipynb"):
        command = [sys.executable, "book/tools/execute.py", f"notebooks/{name}.py", target]
        command += ["--profile", tmp_path / "profile.yml", "--cell-timeout", "100"]
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT, timeout=200)
        kept = {entry.stem for entry in folder.iterdir()}
        assert kept == {f"{name}_{phase}" for phase in ("frozen", "control", "bp", "dfa")}
        (folder / f"{name}_dfa.checkpoint").unlink()
        records = read_records(target)
        del records["seconds"], records["provenance"]
        results.append(records)
    assert results[0] == results[1]
