"""Runs that are killed at random moments and go on: they must end with the same bits.

``python kill_and_resume.py KILLS FOLDER`` kills until as many processes have been killed, and
prints what happened as JSON. A process is a fork of this one, so that a kill takes milliseconds.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from small_data import random_dataset, random_network

from dfa_utils.adversarial import FastGradientSign
from dfa_utils.dropout import Dropout
from dfa_utils.feedback import transposed_weights
from dfa_utils.history import QUANTITIES
from dfa_utils.learning_rules import LEARNING_RULES
from dfa_utils.optimizers import SGD, RMSprop
from dfa_utils.training import train

STOPPING = {"optimizer": RMSprop(0.01), "error_reduction": "sum", "stop_train_error": 4.0}
SETTINGS = {
    "bp": {"optimizer": SGD(0.5), "frozen": {1}},
    "fa": STOPPING | {"dropout": Dropout(0.0, 0.1)},
    "dfa": STOPPING | {"dropout": Dropout(0.0, 0.1), "perturbation": FastGradientSign(0.01)},
    "ifa": {"optimizer": RMSprop(0.01), "loss": "cross_entropy", "activation": "relu"},
}
SEEDS = (0, 1, 2, 3)
EPOCHS = 24
LONGEST_LIFE = 0.06  # seconds until a process is killed, at most


def run(rule, backend="numpy", num_epochs=EPOCHS, **changes):
    """Train four small networks; return what `train` does."""
    params, feedback = random_network(LEARNING_RULES[rule], SEEDS, backend, "float32")
    if rule == "fa":  # views: the same numbers in another order in memory
        feedback = transposed_weights(params)
    settings = {"feedback": feedback, "seeds": SEEDS, "batch_size": 16, "num_epochs": num_epochs}
    settings |= {"report": lambda *_: None} | SETTINGS[rule] | changes
    data = settings.pop("data", None) or random_dataset(backend, "float32")
    params = settings.pop("params", params)
    return train(LEARNING_RULES[rule], params, data, **settings)


def bits(result, to_host=np.asarray):
    """Return all bytes of what `train` returned."""
    params, history = result
    arrays = [to_host(array) for layer in params for array in layer]
    arrays += [history.epochs, *(getattr(history, quantity) for quantity in QUANTITIES)]
    return b"".join(array.tobytes() for array in arrays)


class Interrupted(Exception):
    """Where a test breaks a run off."""


def interrupt_at(last):
    """Return a report that breaks a run off in an epoch, before it is kept."""

    def report(epoch, last_epoch, values):
        if epoch == last:
            raise Interrupted

    return report


def broken_off(rule, path, epoch, **settings):
    """Leave a checkpoint of a run that broke off in an epoch."""
    with pytest.raises(Interrupted):
        run(rule, checkpoint=path, report=interrupt_at(epoch), **settings)
    return path


def kill_until_done(rule, path, expected, generator):
    """Start a run again and again, killing each process, until one ends; count the kills.

    Returns
    -------
    kills, during_a_write : int
    """
    kills = during_a_write = 0
    partial = path.with_name(f"{path.name}.part")
    while True:
        before = partial.stat().st_mtime_ns if partial.exists() else None
        child = os.fork()
        if child == 0:
            os._exit(0 if bits(run(rule, checkpoint=path)) == expected else 1)
        time.sleep(generator.uniform(0, LONGEST_LIFE))
        os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != -signal.SIGKILL:
            if status != 0:
                raise AssertionError(f"{rule}: a run that was killed {kills} times ended otherwise")
            return kills, during_a_write
        kills += 1
        during_a_write += partial.exists() and partial.stat().st_mtime_ns != before


def kill(wanted, folder, seed=0):
    """Kill processes of all rules in turn; return counts, by what was counted."""
    generator = np.random.default_rng(seed)
    expected = {rule: bits(run(rule)) for rule in SETTINGS}
    counts = {"kills": 0, "kills_during_a_write": 0, "runs_ended_with_the_same_bits": 0}
    while counts["kills"] < wanted:
        for rule, result in expected.items():
            path = Path(folder) / f"{rule}.checkpoint"
            kills, during_a_write = kill_until_done(rule, path, result, generator)
            counts["kills"] += kills
            counts["kills_during_a_write"] += during_a_write
            counts["runs_ended_with_the_same_bits"] += 1
            path.unlink()
    return counts


if __name__ == "__main__":
    print(json.dumps(kill(int(sys.argv[1]), sys.argv[2])))
