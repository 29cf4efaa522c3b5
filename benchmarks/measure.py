"""Drive one process for each competitor, and take their times in turns."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
THREAD_VARIABLES = ("OPENBLAS", "OMP", "MKL", "BLIS", "VECLIB_MAXIMUM")


def available_cores():
    """Return the cores that this process may use, list of int."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count()))


def environment(threads):
    """Return the environment of a process whose libraries use so many threads."""
    limits = {f"{library}_NUM_THREADS": str(threads) for library in THREAD_VARIABLES}
    limits["VECLIB_MAXIMUM_THREADS"] = limits.pop("VECLIB_MAXIMUM_NUM_THREADS")
    places = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | limits | {"PYTHONPATH": os.pathsep.join(places)}


class WorkerError(Exception):
    """What a competitor answered instead of a time."""


class Worker:
    """A process of one competitor, pinned to its cores: see `benchmarks.worker`.

    Parameters
    ----------
    competitor : str
    cores : list of int
        As many threads as cores. JAX counts the cores that it may use and reads no variable.
    """

    def __init__(self, competitor, cores):
        command = [sys.executable, "-m", "benchmarks.worker", competitor]
        if hasattr(os, "sched_setaffinity"):
            command += ["--cores", ",".join(map(str, cores))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment(len(cores)), bufsize=1, **pipes
        )

    def send(self, **request):
        """Ask without waiting."""
        with suppress(BrokenPipeError):  # of a process that has ended; `receive` says so
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()

    def receive(self):
        """Wait for the answer, dict; an answer that is an error is raised."""
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"the process ended with status {self.process.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def ask(self, **request):
        """Ask and wait for the answer."""
        self.send(**request)
        return self.receive()

    def close(self):
        """End the process."""
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@contextmanager
def workers(competitors, cores):
    """Start a worker for each competitor, dict of str to Worker, and end them afterwards."""
    with ExitStack() as stack:
        started = {}
        for name in competitors:
            started[name] = Worker(name, cores)
            stack.callback(started[name].close)
        yield started


def measure_in_turns(started, case, rounds):
    """Time one case with every competitor: A, B, C, A, B, C, and so on.

    All are warmed up before the first is timed. A process that waits for its turn sleeps.

    Parameters
    ----------
    started : dict of str to Worker
    case : Case
    rounds : int

    Returns
    -------
    row : dict
        The case, ``seconds`` (of each round, by competitor), ``thread_pools`` and, of those that
        gave no time, the ``errors``.
    """
    row = asdict(case) | {"seconds": {}, "thread_pools": {}, "errors": {}}
    for name, worker in started.items():
        try:
            row["thread_pools"][name] = worker.ask(prepare=asdict(case))["thread_pools"]
            row["seconds"][name] = []
        except WorkerError as error:
            row["errors"][name] = str(error)
    for epoch in range(2, rounds + 2):
        for name, times in row["seconds"].items():
            times.append(started[name].ask(epoch=epoch)["seconds"])
    return row
