"""The process of one competitor: it answers lines of JSON on stdin with lines of JSON on stdout.

``{"prepare": case}`` makes the competitor and trains one epoch to warm up, ``{"epoch": n}`` trains
one more and answers its seconds. Thread counts come from the environment, cores from the command
line; both must be set before an array library is loaded, so nothing is imported here that does.
"""

import argparse
import json
import os
import sys
import time
import traceback

from benchmarks.cases import case_from


def main():
    """Serve until stdin ends."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("competitor")
    parser.add_argument("--cores", help="the cores to run on, such as 0,1; by default any")
    arguments = parser.parse_args()
    if arguments.cores:
        os.sched_setaffinity(0, map(int, arguments.cores.split(",")))
    # Whatever a library prints goes to stderr: stdout carries the answers alone.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    subject = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                subject = None  # frees its memory first
                subject, answer = prepare(arguments.competitor, request["prepare"])
            else:
                answer = {"seconds": timed(subject.train_epoch, request["epoch"])}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)


def prepare(name, values):
    """Make a competitor and let it train one epoch.

    Parameters
    ----------
    name : str
    values : dict
        The fields of `Case`.

    Returns
    -------
    subject : object
        See `benchmarks.competitors`.
    answer : dict
        Its thread pools.
    """
    from benchmarks.competitors import competitor
    from benchmarks.problem import load_problem

    subject = competitor(name)(load_problem(case_from(values)))
    subject.train_epoch(1)
    return subject, {"thread_pools": thread_pools()}


def thread_pools():
    """Return on how many threads the libraries of this process compute, by name and kernel."""
    from threadpoolctl import threadpool_info

    threads = {}
    for pool in threadpool_info():
        words = [pool["internal_api"], pool.get("version"), pool.get("architecture")]
        threads[" ".join(filter(None, words))] = pool["num_threads"]
    if "torch" in sys.modules:  # its MKL and oneDNN are inside it, where they cannot be seen
        threads["torch"] = sys.modules["torch"].get_num_threads()
    return threads


def timed(function, *arguments):
    """Return the seconds of a call."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
