"""A run that stops and goes on: to the same bits, or a refusal that names the difference."""

import json
import linecache
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from conftest import ROOT
from kill_and_resume import EPOCHS, SETTINGS, STOPS, broken_off, interrupt_at, run, start
from small_data import BACKENDS, bits, random_dataset

from dfa_utils import (
    BP,
    DFA,
    RULES,
    SGD,
    Checkpoint,
    Dropout,
    FastGradientSign,
    Normal,
    RMSprop,
    error_angles,
)
from dfa_utils.chapter import checkpoints
from dfa_utils.chapter.checkpoints import CheckpointError
from dfa_utils.network import Layer

BY_RULE = pytest.mark.parametrize("rule", SETTINGS)


@pytest.fixture
def path(tmp_path):
    """Where a test keeps a checkpoint."""
    return tmp_path / "a folder, データ" / "run.checkpoint"


@BY_RULE
def test_a_run_that_broke_off_in_any_epoch_ends_with_the_same_bits(rule, path):
    expected = run(rule)
    for epoch in range(1, expected.epoch + 1, 3):
        broken_off(rule, path, epoch)
        assert bits(run(rule, path)) == bits(expected), epoch
        path.unlink()


@BY_RULE
@pytest.mark.parametrize("other", ["torch", "strict", pytest.param("cupy", marks=pytest.mark.gpu)])
def test_on_every_array_library(rule, other, path):
    settings = {"backend": BACKENDS[other], "epochs": 9}
    expected = bits(run(rule, **settings))
    for epoch in (2, 9):
        broken_off(rule, path, epoch, **settings)
        assert bits(run(rule, path, **settings)) == expected
        path.unlink()


def test_seeds_stop_in_different_epochs_of_these_runs():
    """Or the tests here would not see what becomes of a seed that has stopped."""
    for rule in STOPS:
        epochs = run(rule).history.epochs_run
        assert len(set(epochs)) > 1 and epochs.min() < epochs.max() <= EPOCHS


def in_a_process(script, *arguments):
    """Run a script of the tests in a process of its own."""
    return subprocess.run(
        [sys.executable, script, *map(str, arguments)],
        cwd=ROOT / "tests",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
    )


def test_one_kill_after_another(tmp_path):
    done = in_a_process("kill_and_resume.py", 40, tmp_path)
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["kills"] >= 40
    assert counts["kills_during_a_write"] > 0
    assert counts["runs_ended_with_the_same_bits"] >= len(SETTINGS)


def test_a_kill_at_each_step_of_a_write_and_a_full_disk(tmp_path):
    done = in_a_process("crash_points.py", tmp_path)
    assert (done.returncode, done.stdout) == (0, "12 kills and a full disk\n"), done.stderr


@BY_RULE
def test_more_epochs_may_follow(rule, path):
    run(rule, path, epochs=5)
    assert bits(run(rule, path)) == bits(run(rule))


def test_a_run_that_is_over_is_not_trained_again(path):
    result = run("dfa", path)
    assert bits(run("dfa", path, report=interrupt_at(1))) == bits(result)


def test_one_run_may_go_on_with_one_file(path):
    """As the cells of a notebook do, one after the other."""
    kept, measure = start("ifa"), {"angles": error_angles}
    for until in (4, 2, 4, 9):
        kept.fit(until, checkpoint=Checkpoint(path), measure=measure)
    assert bits(kept) == bits(run("ifa", epochs=9)) == bits(run("ifa", path, epochs=9))


@pytest.mark.parametrize("optimizer", ["fresh", "keep"])
def test_a_branch_is_kept_in_a_file_of_its_own(path, optimizer):
    """It is named by the state that it starts from, and holds its parent's history."""

    def branches(epochs=9, report=None):
        parent = start("ifa").fit(4)
        recipes = [parent.recipe, replace(parent.recipe, rule=BP())]
        branched = [parent.branch(recipe, optimizer=optimizer) for recipe in recipes]
        for number, branch in enumerate(branched):
            kept = path and Checkpoint(path.with_name(f"{number}"))
            branch.fit(epochs, checkpoint=kept, report=report)
        return branched

    folder, path = path, None
    expected = [bits(branch) for branch in branches()]
    path = folder
    branches(epochs=6)
    assert [bits(branch) for branch in branches()] == expected
    assert [bits(branch) for branch in branches(report=interrupt_at(9))] == expected
    other = start("ifa").fit(5)
    with pytest.raises(CheckpointError, match=r"start was epoch 4, .* and is now epoch 5"):
        other.branch(other.recipe).fit(9, checkpoint=Checkpoint(path.with_name("0")))


def test_fewer_epochs_are_refused(path):
    run("bp", path, epochs=5)
    with pytest.raises(CheckpointError, match=r"num_epochs must be >= 5 to go on .*, got 4"):
        run("bp", path, epochs=4)


def test_it_is_written_every_so_many_epochs_and_after_the_last(path, monkeypatch):
    written, write = [], checkpoints.write_checkpoint

    def watched(path, settings, arrays):
        written.append(len(arrays["curves/train_error"]))
        write(path, settings, arrays)

    monkeypatch.setattr(checkpoints, "write_checkpoint", watched)
    run("bp", path, epochs=8, every=3)
    assert written == [0, 3, 6, 8]


def changed_params():
    params = start("dfa").params
    params[0].weights[0, 0, 0] += 1e-6
    return [Layer(*layer) for layer in params]


def changed_data():
    data = random_dataset(dtype="float32")
    images = data.test_images.copy()
    images[-1, -1] += 1e-6
    return replace(data, test_images=images)


def another_angle(run):
    return error_angles(run) + 1


DIGEST = "[0-9a-f]{64}"
CHANGES = {
    "optimizer": ({"optimizer": RMSprop(0.02)}, r"was RMSprop\(rate=0.01, .* is now RMSprop"),
    "network": ({"activation": "logistic"}, "was Network.*tanh.* is now Network.*logistic"),
    "loss": ({"loss": "cross_entropy"}, "was 'binary_cross_entropy' and is now 'cross_entropy'"),
    "reduction": ({"reduction": "mean"}, "was 'sum' and is now 'mean'"),
    "dropout": ({"dropout": Dropout(0.0, 0.2)}, r"was .*hidden=0.1\) and is now .*hidden=0.2\)"),
    "perturbation": ({"perturbation": FastGradientSign(0.02)}, "was .*0.01.* is now .*0.02"),
    "frozen": ({"frozen": {2, 0}}, r"was \[\] and is now \[0, 2\]"),
    "batch_size": ({"batch_size": 8}, "was 16 and is now 8"),
    "stop": ({"stop": 3}, "was 4.0 and is now 3.0"),
    "start": ({"params": changed_params()}, f"was epoch 0, {DIGEST} and is now epoch 0, "),
    "data set": ({"data": changed_data()}, f"was clusters {DIGEST} and is now clusters "),
    "backend": ({"backend": "torch"}, "was numpy and is now torch"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_another_setting_is_refused_with_both_values(name, path):
    changes, values = CHANGES[name]
    run("dfa", path, epochs=2)
    content = path.read_bytes()
    with pytest.raises(CheckpointError, match=f"holds another run: .*{name} {values}") as caught:
        run("dfa", path, epochs=3, **changes)
    differences = {text.split(" was ")[0] for text in str(caught.value).split(": ")[1].split("; ")}
    # The digest of a part comes with the part.
    assert differences == {name} or differences == {name, f"code of {name}"}
    assert path.read_bytes() == content


def test_other_seeds_are_refused(path):
    run("dfa", path, epochs=1)
    text = r"seeds was \[0, 1, 2, 3\] and is now \[0, 1, 2, 4\]"
    with pytest.raises(CheckpointError, match=text):
        run("dfa", path, epochs=1, seeds=(0, 1, 2, 4))
    with pytest.raises(CheckpointError, match="feedback_seeds was"):
        run("dfa", path, epochs=1, feedback_seeds=(0, 1, 2, 4))


def test_another_rule_is_refused_with_all_that_differs(path):
    run("ifa", path, epochs=1)
    with pytest.raises(CheckpointError) as caught:
        run("dfa", path, epochs=1)
    for name, before, after in (("rule", "IFA", "DFA"), ("network", "'relu'", "'tanh'")):
        assert any(
            text.startswith((name, f"{path} holds another run: {name}")) and before in text
            for text in str(caught.value).split("; ")
            if after in text
        )


def test_a_setting_that_is_not_allowed_leaves_no_checkpoint(path):
    with pytest.raises(ValueError, match="reduction must be one of"):
        run("bp", path, reduction="max")
    assert not path.exists()


CELL = """
class Mine(DFA):
    name = "mine"

    def send(self, step):
        errors = super().send(step)
        {comment}
        return [{sign}error for error in errors[:-1]] + errors[-1:]


def stop(run):
    return run.curves[-1]["train_error"][run.running] <= {limit}


def measured(run):
    return error_angles(run) * {factor}
"""
PLAIN = {"comment": "pass", "sign": "+", "limit": 1.0, "factor": 2}


def execute(number, **changes):
    """Define a rule, a stop and a measurement as a cell of a notebook does in IPython."""
    source = CELL.format(**PLAIN | changes)
    name = f"/tmp/ipykernel_1/{number}.py"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace = {"DFA": DFA, "error_angles": error_angles, "__name__": "__main__"}
    exec(compile(source, name, "exec"), namespace)
    return namespace


def fit_cell(path, epochs, cell):
    arguments = {"stop": cell["stop"], "measure": {"mine": cell["measured"]}}
    made = start("ifa", rule=cell["Mine"](Normal(0.7)))
    return made.fit(epochs, checkpoint=path and Checkpoint(path), **arguments)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"sign": "-"}, "code of rule"),
        ({"limit": 2.0}, "stop"),
        ({"factor": 3}, "code of measurement mine"),
    ],
)
def test_code_of_a_cell_that_has_changed_is_refused(path, changes, name):
    fit_cell(path, 2, execute(1))
    with pytest.raises(
        CheckpointError, match=f"holds another run: {name} was {DIGEST} and is"
    ) as e:
        fit_cell(path, 4, execute(2, **changes))
    assert ";" not in str(e.value)
    again = fit_cell(path, 4, execute(3, comment="# another comment"))
    assert bits(again) == bits(fit_cell(None, 4, execute(4)))


def test_a_rule_whose_sign_has_been_flipped_is_refused(path, monkeypatch):
    """Of the same name: a run went on from such a checkpoint once, and its loss rose."""
    run("dfa", path, epochs=2)

    class Flipped(DFA):
        def teach(self, step):
            return -step.signal

    Flipped.__name__ = Flipped.__qualname__ = "DFA"
    monkeypatch.setitem(RULES, "dfa", Flipped)
    with pytest.raises(CheckpointError, match="holds another run: code of rule was"):
        run("dfa", path, epochs=3)


def test_a_measurement_more_or_less_is_refused(path):
    run("bp", path, epochs=2)
    with pytest.raises(CheckpointError, match=r"code of measurement angles was .* and is now None"):
        start("bp").fit(3, checkpoint=Checkpoint(path))


def test_code_that_cannot_be_read_is_refused_before_any_work(path):
    namespace = {"DFA": DFA}
    exec("class Typed(DFA):\n    def teach(self, step):\n        return 0", namespace)
    for arguments in ({"rule": namespace["Typed"]()}, {"optimizer": SGD(0.5)}):
        begun = start("bp", **arguments)
        stop = None if "rule" in arguments else (lambda run: [False] * 4)
        with pytest.raises(ValueError, match="must be code whose source Python can read"):
            begun.fit(2, stop, checkpoint=Checkpoint(path))
        assert begun.epoch == 0 and not path.exists()
