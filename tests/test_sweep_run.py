"""Sweeps on real schedulers and workers, in processes of their own, that are killed on the way."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from importlib.metadata import entry_points

import nbformat
import psutil
import pytest
from small_sweep import (
    drive,
    end_drivers,
    environment,
    start_driver,
    started,
    wait_until,
    write_trial,
)

from dfa_utils.sweep import execution
from dfa_utils.sweep.cluster import closed_at_the_end
from dfa_utils.sweep.command import main
from dfa_utils.sweep.errors import SweepError
from dfa_utils.sweep.table import load_table

LOOPBACK = ["--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]


def states(out):
    """Return the states of the points of a sweep, by their task and size."""
    table = load_table(out).drop_duplicates("point")
    return dict(zip(zip(table["task"], table["size"], strict=True), table["state"], strict=True))


def test_the_interpreter_is_that_of_the_sweep_whatever_kernels_there_are(tmp_path, monkeypatch):
    kernel = tmp_path / "share" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    foreign = {"argv": ["/bin/false"], "display_name": "Another", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(foreign))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share"))
    for name in ("PYTHONPATH", *execution.ONE_THREAD):  # what it sets is undone
        monkeypatch.setenv(name, os.environ.get(name, ""))
    cell = nbformat.v4.new_code_cell("import sys; print(sys.executable)")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    execution.execute(notebook, tmp_path, tmp_path / "done.ipynb", {})
    (output,) = nbformat.read(tmp_path / "done.ipynb", as_version=4).cells[0].outputs
    assert output.text == f"{sys.executable}\n"


def is_alive(pid):
    """Tell whether a process runs, and is not just waiting to be buried."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture(autouse=True)
def no_driver_outlives_its_test():
    """End what a test has left running."""
    yield
    end_drivers()


SCHEDULER = ["scheduler", "--port", "0"]
WORKER = ["worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"]


@contextmanager
def dask_processes(folder, *commands):
    """Start a scheduler, or it and workers; give its address and the processes."""
    file = folder / "scheduler.json"
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *command, *LOOPBACK, "--scheduler-file", file],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        wait_until(file.exists)
        wait_until(lambda: file.read_text().endswith("}"))
        yield json.loads(file.read_text())["address"], processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path):
    """The address of a scheduler with two workers, and its process; each has one of its own."""
    workers = [[*WORKER, "--name", name] for name in "ab"]
    with dask_processes(tmp_path, SCHEDULER, *workers) as (address, processes):
        yield address, processes[0]


def test_a_sweep_survives_a_point_that_raises_and_a_worker_that_is_killed(tmp_path, cluster):
    notebook, out = write_trial(tmp_path), tmp_path / "out"
    grid = ["--grid", "task=wait,raise,add", "--grid", "size=1,2"]
    driver = start_driver(notebook, out, "--scheduler", cluster[0], *grid)
    # Both workers are at work on the points that wait.
    wait_until(lambda: started(out, "wait", 1) and started(out, "wait", 2), driver)
    ((worker, execution),) = started(out, "wait", 1)
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not is_alive(execution), driver)
    (out / "go").touch()
    printed, _ = driver.communicate(timeout=120)

    assert driver.returncode == 1, printed
    assert "4 done, 2 failed" in printed
    assert "ValueError: as it was asked to" in printed and "dashboard: http://127.0.0.1" in printed
    workers = [worker for worker, _ in started(out, "wait", 1)]
    assert len(set(workers)) == 2  # elsewhere
    expected = {(task, size): "done" for task in ("wait", "add") for size in (1, 2)}
    assert states(out) == expected | {("raise", 1): "failed", ("raise", 2): "failed"}
    # The checkpoint of the execution that was killed was there for the next one.
    assert [path.name for path in out.glob("resumed-*")] == ["resumed-wait-1"]

    table = load_table(out)
    assert set(table["threads"].dropna()) == {"1"}
    failed = table[table["state"] == "failed"]["point"].iloc[0]
    executed = nbformat.read(out / "points" / failed / "failed.ipynb", as_version=4)
    errors = [o.ename for c in executed.cells for o in c.get("outputs", ()) if "ename" in o]
    assert errors == ["ValueError"]
    left = sorted(path.name for path in (out / "points").glob("*/*"))
    done, failed = ["notebook.ipynb", "records.json"] * 4, ["checkpoints", "failed.ipynb"] * 2
    assert left == sorted([*done, *failed, *["status.json"] * 6])


def test_a_scheduler_that_is_gone_ends_the_driver_with_a_word(tmp_path, cluster):
    notebook, out = write_trial(tmp_path), tmp_path / "out"
    address, scheduler = cluster
    grid = ["--grid", "task=wait", "--grid", "size=1"]
    driver = start_driver(notebook, out, "--scheduler", address, *grid)
    wait_until(lambda: started(out, "wait", 1), driver)
    scheduler.kill()
    printed, _ = driver.communicate(timeout=60)
    assert driver.returncode == 2, printed
    assert "the scheduler is gone" in printed
    assert states(out) == {("wait", 1): "missing"}


def listening(process):
    """Return the addresses at which a process and its children can be reached."""
    family = [process, *process.children(recursive=True)]
    connections = [connection for member in family for connection in member.net_connections()]
    return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


def test_a_driver_that_is_killed_loses_nothing_that_is_finished(tmp_path):
    notebook, out = write_trial(tmp_path), tmp_path / "out"
    grid = ["--grid", "task=add,wait", "--grid", "size=1,2", "--workers", "2"]
    driver = start_driver(notebook, out, *grid)
    wait_until(lambda: started(out, "wait", 1) and started(out, "wait", 2), driver)
    driver.kill()
    driver.wait()
    executions = [pid for size in (1, 2) for _, pid in started(out, "wait", size)]
    wait_until(lambda: not any(map(is_alive, executions)))

    (out / "go").touch()
    status, printed = drive(notebook, out, *grid)
    assert status == 0, printed
    assert "4 points, 2 of them done before" in printed
    assert [len(started(out, "add", size)) for size in (1, 2)] == [1, 1]
    assert [len(started(out, "wait", size)) for size in (1, 2)] == [2, 2]
    # These workers have a nanny, which sets it otherwise for them.
    assert set(load_table(out)["trimming"]) == {"as the system does"}

    whole = tmp_path / "whole"
    driver = start_driver(notebook, whole, *grid)
    wait_until(lambda: (whole / "sweep.json").exists(), driver)
    (whole / "go").touch()
    assert driver.wait(timeout=120) == 0
    for ending in ("csv", "parquet", "json"):
        name = f"table.{ending}"
        assert (whole / name).read_bytes() == (out / name).read_bytes(), name


def test_an_interrupt_ends_all_and_leaves_a_table_of_what_is_finished(tmp_path):
    notebook, out = write_trial(tmp_path), tmp_path / "out"
    grid = ["--grid", "task=add,wait", "--grid", "size=1", "--workers", "1"]
    driver = start_driver(notebook, out, *grid)
    wait_until(lambda: started(out, "wait", 1), driver)
    assert listening(psutil.Process(driver.pid)) == {"127.0.0.1"}
    os.killpg(driver.pid, signal.SIGINT)
    printed, _ = driver.communicate(timeout=60)
    assert driver.returncode == 130, printed
    assert "start it again" in printed
    wait_until(lambda: not any(is_alive(pid) for _, pid in started(out, "wait", 1)))
    assert states(out) == {("add", 1): "done", ("wait", 1): "missing"}


def test_a_point_that_kills_its_workers_is_given_up_and_the_others_go_on(tmp_path):
    notebook, out = write_trial(tmp_path), tmp_path / "out"
    grid = ["--grid", "task=kill,add", "--grid", "size=1", "--workers", "1"]
    status, printed = drive(notebook, out, *grid)
    assert status == 1, printed
    assert states(out) == {("kill", 1): "failed", ("add", 1): "done"}
    assert len(started(out, "kill", 1)) == 2
    assert "every worker that ran it died" in printed


def test_a_notebook_whose_process_is_killed_is_executed_once_more(tmp_path):
    notebook, out = write_trial(tmp_path), tmp_path / "out"
    grid = ["--grid", "task=die,die once,add", "--grid", "size=1", "--workers", "1"]
    status, printed = drive(notebook, out, *grid)
    assert status == 1, printed
    assert states(out) == {("die", 1): "failed", ("die once", 1): "done", ("add", 1): "done"}
    assert "its process was killed each time; its memory may not suffice" in printed
    assert [len(started(out, task, 1)) for task in ("die", "die once")] == [2, 2]
    # The second execution went on from what the first had left.
    assert (out / "resumed-die once-1").exists()
    assert list((out / "points").glob("*/running-*")) == []


SCRIPT = """
from pathlib import Path

import numpy as np

from dfa_utils.sweep import driver

print("the script runs")
grid = [{"rate": np.logspace(-1, 0, 2)}]
print(driver.run_sweep("trial.py", grid, "out", workers=1))
"""


def test_a_script_needs_no_main_guard(tmp_path):
    write_trial(tmp_path)
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "Outcome(done=2, failed=0)" in done.stdout
    assert done.stdout.count("the script runs") == 1 and not done.stderr


def test_workers_that_die_before_they_begin_do_not_keep_a_point_for_ever(tmp_path):
    write_trial(tmp_path)
    die = "def die(*arguments):\n    import os\n    os._exit(1)\n\n\ndriver.run_point = die\n"
    die += "driver.HANDED_OUT = 2\n"
    script = SCRIPT.replace("print(driver", f"{die}print(driver").replace("0, 2)", "0, 1)")
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert "Outcome(done=0, failed=1)" in done.stdout, done.stderr
    assert "every worker that was given it died before it began" in done.stdout


class Starting:
    """A cluster that is to be closed while one of its workers is being started again."""

    def close(self):
        raise AssertionError("can only join a started process")


def test_a_worker_that_is_just_being_started_does_not_keep_a_sweep_from_its_end():
    with closed_at_the_end(Starting()):
        pass
    with pytest.raises(SweepError, match="of its own"), closed_at_the_end(Starting()):
        raise SweepError("of its own")


def test_a_scheduler_without_workers_is_reported_and_waited_for(tmp_path):
    notebook, out = write_trial(tmp_path), tmp_path / "out"
    with dask_processes(tmp_path, [*SCHEDULER, "--no-dashboard"]) as (address, _):
        driver = start_driver(notebook, out, "--scheduler", address, "--grid", "size=1")
        first, second = driver.stdout.readline(), driver.stdout.readline()
        assert first == "1 points, 0 of them done before\n"
        assert second == f"the scheduler at {address} has no workers: waiting for some\n"
        with dask_processes(tmp_path, WORKER):
            printed, _ = driver.communicate(timeout=90)
    assert driver.returncode == 0, printed
    assert "dashboard" not in printed and "1 done, 0 failed" in printed


def test_the_command_is_installed():
    (command,) = entry_points(group="console_scripts", name="dfa-sweep")
    assert command.load() is main
