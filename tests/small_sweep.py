"""A small notebook to sweep over, and a driver in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import jupytext
from conftest import HEARING_INTERRUPTS, ROOT

from dfa_utils.sweep.folder import check_folder, point_folder, write_json, write_plan
from dfa_utils.sweep.points import make_plan

DRIVERS = []  # that have been started

TRIAL = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A trial

# %% tags=["parameters"]
from typing import Optional

task: str = "add"  # add, wait for the file go, raise, or kill the worker, the kernel
rate: float = 0.5  # of nothing
size: int = 1  # of nothing
seeds: list[int] = [0, 1]  # one value each
checkpoint_dir: Optional[str] = None  # where to go on from

# %%
import os
import time
from pathlib import Path

checkpoint = Path(checkpoint_dir) / "half"
if checkpoint.exists():
    Path(f"resumed-{task}-{size}").touch()
checkpoint.parent.mkdir(parents=True, exist_ok=True)
checkpoint.touch()
Path(f"started-{task}-{size}-{os.getppid()}-{os.getpid()}").touch()
while task == "wait" and not Path("go").exists():
    time.sleep(0.05)
if task == "raise":
    raise ValueError("as it was asked to")
if task == "kill":
    os.kill(os.getppid(), 9)
    time.sleep(60)
if task == "die" or (task == "die once" and not Path(f"resumed-{task}-{size}").exists()):
    os.kill(os.getpid(), 9)

# %%
from dfa_utils.chapter.records import record

record("sum_error_per_seed", [rate * size + seed for seed in seeds])
record("sum_error", rate * size + sum(seeds) / len(seeds))
record("threads", os.environ["OPENBLAS_NUM_THREADS"])
record("trimming", os.environ.get("MALLOC_TRIM_THRESHOLD_", "as the system does"))
record("curve", [[1.0, 2.0]])
"""


def write_trial(folder, text=TRIAL):
    """Write the notebook into a folder; return its path."""
    path = folder / "trial.py"
    path.write_text(text, encoding="utf-8")
    return path


def begin(out, blocks, text=TRIAL):
    """Make the folder of a sweep over the trial notebook; return its plan."""
    notebook = jupytext.reads(text, "py:percent")
    plan = make_plan(notebook, "trial", blocks)
    check_folder(out, plan)
    out.mkdir(exist_ok=True)
    write_plan(out, plan, notebook)
    return plan


def finish(out, point, **records):
    """Leave in the folder what a worker leaves of a point that is done."""
    folder = point_folder(out, point.name)
    folder.mkdir(parents=True)
    write_json(folder / "records.json", records)
    write_json(folder / "status.json", {"state": "done", "error": None, "seconds": 1.0})


def fail(out, point):
    """Leave in the folder what a worker leaves of a point that has failed."""
    folder = point_folder(out, point.name)
    folder.mkdir(parents=True)
    status = {"state": "failed", "error": "ValueError: no", "seconds": 1.0}
    write_json(folder / "status.json", status)


def environment():
    """Return the environment of a driver, a scheduler or a worker."""
    # How many threads there are is for the worker to say.
    inherited = {name: v for name, v in os.environ.items() if not name.endswith("_THREADS")}
    # A second death makes Dask give a task up.
    more = {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    return inherited | more


def start_driver(notebook, out, *options):
    """Start ``dfa-sweep`` in a process group of its own, in which an interrupt is heard."""
    command = [sys.executable, "-m", "dfa_utils.sweep", notebook, "--out", out, *options]
    driver = subprocess.Popen(
        [*HEARING_INTERRUPTS, *command],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    DRIVERS.append(driver)
    return driver


def end_drivers():
    """Kill what a test that failed has left running: drivers, and what they started."""
    while DRIVERS:
        with suppress(ProcessLookupError):
            os.killpg(DRIVERS.pop().pid, signal.SIGKILL)


def drive(notebook, out, *options):
    """Run ``dfa-sweep`` to its end; return its status and what it printed."""
    process = start_driver(notebook, out, *options)
    output, _ = process.communicate(timeout=120)
    return process.returncode, output


def started(out, task, size):
    """Return the executions that have begun, list of (pid of the worker, pid of the notebook)."""
    names = [path.name for path in out.glob(f"started-{task}-{size}-*")]
    return [tuple(map(int, name.split("-")[3:])) for name in names]


def wait_until(condition, process=None):
    """Wait for something that must come to pass; a process that ends before it is an error."""
    end = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        assert process is None or process.poll() is None, process.stdout.read()
        time.sleep(0.05)
