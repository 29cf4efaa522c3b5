"""A run that stops and goes on: to the same bits, or a refusal that names the difference."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import ROOT
from kill_and_resume import EPOCHS, SEEDS, SETTINGS, bits, broken_off, interrupt_at, run
from small_data import STRICT, random_dataset, random_network

from dfa_utils.arrays import get_backend
from dfa_utils.checkpoints import (
    CheckpointError,
    write_checkpoint,
)
from dfa_utils.dropout import Dropout
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.optimizers import SGD

BY_RULE = pytest.mark.parametrize("rule", SETTINGS)


@pytest.fixture
def path(tmp_path):
    """Where a test keeps a checkpoint."""
    return tmp_path / "a folder, データ" / "run.checkpoint"


@BY_RULE
def test_a_run_that_broke_off_in_any_epoch_ends_with_the_same_bits(rule, path):
    expected = bits(run(rule))
    for epoch in range(1, len(run(rule)[1].epochs) + 1):
        broken_off(rule, path, epoch)
        assert bits(run(rule, checkpoint=path)) == expected, epoch
        path.unlink()


@BY_RULE
@pytest.mark.parametrize("backend", [get_backend("torch"), STRICT], ids=["torch", "strict"])
def test_on_every_array_library(rule, backend, path):
    expected = bits(run(rule, backend, num_epochs=9), backend.to_host)
    for epoch in (2, 9):
        broken_off(rule, path, epoch, backend=backend, num_epochs=9)
        resumed = run(rule, backend, num_epochs=9, checkpoint=path)
        assert bits(resumed, backend.to_host) == expected
        path.unlink()


@pytest.mark.gpu
@BY_RULE
def test_on_a_gpu(rule, path):
    backend = get_backend("cupy")
    expected = bits(run(rule, backend, num_epochs=9), backend.to_host)
    broken_off(rule, path, 5, backend=backend, num_epochs=9)
    resumed = run(rule, backend, num_epochs=9, checkpoint=path)
    assert bits(resumed, backend.to_host) == expected


def test_seeds_stop_in_different_epochs_of_these_runs():
    """Or the tests here would not see what becomes of a seed that has stopped."""
    for rule in ("fa", "dfa"):
        epochs = run(rule)[1].epochs_run
        assert len(set(epochs)) > 1 and epochs.min() < epochs.max() <= EPOCHS


def in_a_process(script, *arguments):
    """Run a script of the tests in a process of its own."""
    return subprocess.run(
        [sys.executable, script, *map(str, arguments)],
        cwd=ROOT / "tests",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
    )


def test_one_kill_after_another(tmp_path):
    done = in_a_process("kill_and_resume.py", 60, tmp_path)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["kills"] >= 60
    assert counts["kills_during_a_write"] > 0
    assert counts["runs_ended_with_the_same_bits"] >= len(SETTINGS)


def test_a_kill_at_each_step_of_a_write_and_a_full_disk(tmp_path):
    done = in_a_process("crash_points.py", tmp_path)
    assert (done.returncode, done.stdout) == (0, "12 kills and a full disk\n"), done.stderr


@BY_RULE
def test_more_epochs_may_follow(rule, path):
    run(rule, num_epochs=5, checkpoint=path)
    assert bits(run(rule, checkpoint=path)) == bits(run(rule))


def test_a_run_that_is_over_is_not_trained_again(path):
    result = run("dfa", checkpoint=path)
    assert bits(run("dfa", checkpoint=path, report=interrupt_at(1))) == bits(result)


def test_fewer_epochs_are_refused(path):
    run("bp", num_epochs=5, checkpoint=path)
    with pytest.raises(CheckpointError, match=r"num_epochs must be >= 5 to go on .*, got 4"):
        run("bp", num_epochs=4, checkpoint=path)


def test_it_is_written_every_so_many_epochs_and_after_the_last(path, monkeypatch):
    written = []

    def watched(path, settings, arrays):
        written.append(len(arrays["curves/test_loss"]))
        write_checkpoint(path, settings, arrays)

    monkeypatch.setattr("dfa_utils.resuming.write_checkpoint", watched)
    run("bp", num_epochs=8, checkpoint=path, checkpoint_every=3)
    assert written == [0, 3, 6, 8]


def changed_params():
    params, _ = random_network(LEARNING_RULES["dfa"], SEEDS, dtype="float32")
    params[0].weights[0, 0, 0] += 1e-6
    return params


def changed_data():
    data = random_dataset(dtype="float32")
    images = data.test_images.copy()
    images[-1, -1] += 1e-6
    return replace(data, test_images=images)


CHANGES = {
    "optimizer": ({"optimizer": SGD(0.25)}, r"was RMSprop\(learning_rate=0.01.* is now SGD\(lea"),
    "activation": ({"activation": "relu"}, "was 'tanh' and is now 'relu'"),
    "loss": ({"loss": "cross_entropy"}, "was 'binary_cross_entropy' and is now 'cross_entropy'"),
    "error_reduction": ({"error_reduction": "mean"}, "was 'sum' and is now 'mean'"),
    "dropout": ({"dropout": Dropout(0.0, 0.2)}, r"was .*hidden=0.1\) and is now .*hidden=0.2\)"),
    "perturbation": ({"perturbation": None}, r"was FastGr.*epsilon=0.01\) and is now None"),
    "frozen": ({"frozen": {2, 0}}, r"was \[\] and is now \[0, 2\]"),
    "batch_size": ({"batch_size": 8}, "was 16 and is now 8"),
    "stop_train_error": ({"stop_train_error": 3}, "was 4.0 and is now 3.0"),
    "first_epoch": ({"first_epoch": 2}, "was 1 and is now 2"),
    "seeds": ({"seeds": (0, 1, 2, 4)}, r"was \[0, 1, 2, 3\] and is now \[0, 1, 2, 4\]"),
    "initial parameters": (
        {"params": changed_params()},
        "was [0-9a-f]{64} and is now ",
    ),
    "data set": ({"data": changed_data()}, "was clusters [0-9a-f]{64} and is now clusters "),
    "backend": ({"backend": "torch"}, "was numpy and is now torch"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_setting_is_refused_with_both_values(name, path):
    changes, values = CHANGES[name]
    run("dfa", num_epochs=2, checkpoint=path)
    content = path.read_bytes()
    with pytest.raises(CheckpointError, match=f"holds another run: {name} {values}") as caught:
        run("dfa", num_epochs=3, checkpoint=path, **changes)
    assert ";" not in str(caught.value), "other settings differ too"
    assert path.read_bytes() == content


def test_another_rule_and_its_feedback_are_refused_together(path):
    run("ifa", num_epochs=1, checkpoint=path)
    with pytest.raises(CheckpointError) as caught:
        run("dfa", num_epochs=1, checkpoint=path)
    text = str(caught.value)
    assert "rule was indirect_feedback_alignment and is now direct_feedback_alignment" in text
    assert "; feedback was " in text and "; activation was 'relu' and is now 'tanh'" in text


def test_a_setting_that_is_not_allowed_leaves_no_checkpoint(path):
    with pytest.raises(ValueError, match="error_reduction must be one of"):
        run("bp", checkpoint=path, error_reduction="max")
    assert not path.exists()
