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
from small_data import bits, small_run

from dfa_utils import (
    FA,
    SGD,
    Checkpoint,
    Dropout,
    FastGradientSign,
    HalvedOnPlateau,
    RMSprop,
    error_angles,
)

STOPPING = {"optimizer": RMSprop(0.01), "reduction": "sum", "dropout": Dropout(0.0, 0.1)}
SETTINGS = {
    "bp": {"optimizer": SGD(0.5, weight_decay=0.01), "frozen": {1}},
    "fa": {"rule": FA(copied=True)} | STOPPING,  # views: the same numbers in another order
    "dfa": STOPPING | {"perturbation": FastGradientSign(0.01)},
    "ifa": {"optimizer": RMSprop(0.01), "loss": "cross_entropy", "activation": "relu"},
    "kp": {"optimizer": RMSprop(0.01, HalvedOnPlateau()), "frozen": {2}},
}
STOPS = {"fa": 4.0, "dfa": 4.0}
MEASURE = {"angles": error_angles}
SEEDS = (0, 1, 2, 3)
EPOCHS = 24
LONGEST_LIFE = 0.5  # until a process is killed, at most, in the time that a whole run takes


def start(name, **changes):
    """Return a run of four small networks that has not begun."""
    settings = {"rule": name, "seeds": SEEDS, "dtype": "float32"}
    return small_run(**settings | SETTINGS[name] | changes)


def run(name, path=None, epochs=EPOCHS, every=1, stop=None, report=None, **changes):
    """Train four small networks, and keep them if there is a path."""
    checkpoint = path and Checkpoint(path, every)
    arguments = {"checkpoint": checkpoint, "report": report, "measure": MEASURE}
    return start(name, **changes).fit(epochs, stop or STOPS.get(name), **arguments)


class Interrupted(Exception):
    """Where a test breaks a run off."""


def interrupt_at(last):
    """Return a report that breaks a run off in an epoch, before it is kept."""

    def report(run, until):
        if run.epoch == last:
            raise Interrupted

    return report


def broken_off(rule, path, epoch, **settings):
    """Leave a checkpoint of a run that broke off in an epoch."""
    with pytest.raises(Interrupted):
        run(rule, path, report=interrupt_at(epoch), **settings)
    return path


def partial_files(path):
    """Return what writers of a checkpoint have not brought to its end, set of str."""
    return {entry.name for entry in path.parent.glob(f"{path.name}.*.part")}


def kill_until_done(rule, path, expected, generator, longest):
    """Start a run again and again, killing each process, until one ends; count the kills.

    Parameters
    ----------
    longest : float
        Seconds that the first process lives at most; the next ones a little longer each.

    Returns
    -------
    kills, during_a_write : int
    """
    kills = during_a_write = 0
    while True:
        before = partial_files(path)
        child = os.fork()
        if child == 0:
            os._exit(0 if bits(run(rule, path)) == expected else 1)
        time.sleep(generator.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status != -signal.SIGKILL:
            if status != 0:
                raise AssertionError(f"{rule}: a run that was killed {kills} times ended otherwise")
            return kills, during_a_write
        kills += 1
        longest *= 1.02  # on a machine that has become slower, an epoch takes longer than a life
        during_a_write += partial_files(path) > before


def seconds_of(rule, folder):
    """Return how long a run takes that is kept; what it has learned of the code, forks know."""
    started, path = time.perf_counter(), folder / "timed.checkpoint"
    run(rule, path)
    path.unlink()
    return time.perf_counter() - started


def kill(wanted, folder, seed=0):
    """Kill processes of all rules in turn; return counts, by what was counted."""
    generator = np.random.default_rng(seed)
    expected = {rule: bits(run(rule)) for rule in SETTINGS}
    seconds = {rule: LONGEST_LIFE * seconds_of(rule, Path(folder)) for rule in SETTINGS}
    counts = {"kills": 0, "kills_during_a_write": 0, "runs_ended_with_the_same_bits": 0}
    while counts["kills"] < wanted:
        for rule, result in expected.items():
            path = Path(folder) / f"{rule}.checkpoint"
            kills, during_a_write = kill_until_done(rule, path, result, generator, seconds[rule])
            counts["kills"] += kills
            counts["kills_during_a_write"] += during_a_write
            counts["runs_ended_with_the_same_bits"] += 1
            path.unlink()
    return counts


if __name__ == "__main__":
    print(json.dumps(kill(int(sys.argv[1]), sys.argv[2])))
