"""The experiments of a run: each takes a plan and returns its raw measurements, ready for JSON.

A row is what `benchmarks.measure.measure_in_turns` returns, with the number of ``threads``.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, replace
from statistics import median

from benchmarks.cases import Case
from benchmarks.competitors import COMPETITORS, runs
from benchmarks.measure import ROOT, available_cores, environment, measure_in_turns, workers


def compare(plan):
    """Time an epoch with every competitor: on one thread, and on one thread for each core.

    Returns
    -------
    list of dict
        Rows.
    """
    cores, rows = available_cores(), []
    settings = [cores[:1]]
    if plan.use_all_cores and len(cores) > 1:
        settings.append(cores)
    for used in settings:
        with workers(COMPETITORS, used) as started:
            for hidden_sizes in plan.networks:
                for rule, optimizer in plan.settings:
                    case = Case(hidden_sizes, rule, optimizer, plan.dataset, plan.images)
                    taking_part = {n: w for n, w in started.items() if runs(n, case)}
                    rows.append(timed_row(taking_part, case, plan.rounds, len(used)))
    return rows


def vary(plan):
    """Time an epoch of this project, and its products alone, against one size after another.

    Returns
    -------
    dict of str to list of dict
        Rows by the size that varies; one thread.
    """
    with workers(("products", "project"), available_cores()[:1]) as started:
        return {
            size: [timed_row(started, case, plan.rounds, 1) for case in cases]
            for size, cases in plan.varied.items()
        }


def compare_devices(plan):
    """Time an epoch of this project on one thread, on one for each core, and on the GPU.

    Returns
    -------
    list of dict
        Rows, with ``seconds`` by place.
    """
    cores = available_cores()
    with (
        workers(["project"], cores[:1]) as alone,
        workers(["project"], cores) as together,
        workers(["project_on_gpu"], cores) as beside,
    ):
        started = {
            "one_thread": alone["project"],
            "all_threads": together["project"],
            "gpu": beside["project_on_gpu"],
        }
        return [timed_row(started, case, plan.rounds, len(cores)) for case in plan.devices]


def timed_row(started, case, rounds, threads):
    """Time one case, and print how it went."""
    row = measure_in_turns(started, case, rounds) | {"threads": threads}
    network = "x".join(map(str, case.hidden_sizes))
    print(
        f"{network} {case.rule} {case.optimizer}, {case.images} images, {case.seeds} seeds,"
        f" batch {case.batch_size}, threads {threads}:",
        *(f"{name} {median(times):.3f} s," for name, times in row["seconds"].items()),
        *(f"{name} gave no time: {error}," for name, error in row["errors"].items()),
        flush=True,
    )
    return row


def divide(plan):
    """Train the same number of networks by one process on one core, and by two on two cores.

    Returns
    -------
    dict
        The case, and the seconds of each round: ``one_process`` and ``two_processes``.
    """
    whole, half = plan.parallel, replace(plan.parallel, seeds=plan.parallel.seeds // 2)
    cores = available_cores()
    seconds = {"one_process": [], "two_processes": []}
    with (
        workers(["project"], cores[:1]) as alone,
        workers(["project"], cores[:1]) as first,
        workers(["project"], cores[-1:]) as second,
    ):
        pair = [first["project"], second["project"]]
        ask_together([alone["project"]], prepare=asdict(whole))
        ask_together(pair, prepare=asdict(half))
        for epoch in range(2, plan.rounds + 2):
            seconds["one_process"].append(ask_together([alone["project"]], epoch=epoch))
            seconds["two_processes"].append(ask_together(pair, epoch=epoch))
    print(f"{whole.seeds} seeds by one process and by two: {seconds}", flush=True)
    return asdict(whole) | {"seconds": seconds}


def ask_together(asked, **request):
    """Ask several workers at once; return the seconds until the last has answered."""
    start = time.perf_counter()
    for worker in asked:
        worker.send(**request)
    for worker in asked:
        worker.receive()
    return time.perf_counter() - start


def train_afresh(plan):
    """Train the first epoch in a process of its own, for several numbers of images.

    Returns
    -------
    list of dict
        For each number of ``images`` the ``runs``: what `benchmarks.fresh.training` returns, and
        the ``wall`` seconds from the start of the process to its end.
    """
    return in_fresh_processes("training", plan.fresh_images, plan)


def embed_afresh(plan):
    """Embed several numbers of samples with t-SNE.

    Returns
    -------
    list of dict
        For each number of ``images`` the ``runs``: what `benchmarks.fresh.tsne` returns, and the
        ``wall`` seconds.
    """
    return in_fresh_processes("tsne", plan.tsne_samples, plan)


def in_fresh_processes(task, sizes, plan):
    """Run a task of `benchmarks.fresh` for each size, in turns, on one thread."""
    rows = [{"images": images, "runs": []} for images in sizes]
    for _ in range(plan.slow_rounds):
        for row in rows:
            case = Case(plan.networks[0], "dfa", dataset=plan.dataset, images=row["images"])
            command = [sys.executable, "-m", "benchmarks.fresh", task, json.dumps(asdict(case))]
            start = time.perf_counter()
            done = subprocess.run(
                command, cwd=ROOT, env=environment(1), stdout=subprocess.PIPE, check=True
            )
            wall = time.perf_counter() - start
            row["runs"].append(json.loads(done.stdout) | {"wall": wall})
            print(f"{task}, {row['images']} images: {row['runs'][-1]}", flush=True)
    return rows


def build_book(plan):
    """Build the book of the smoke profile from nothing but the environment.

    Returns
    -------
    dict
        The ``target`` of make and its ``seconds``.
    """
    inherited = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    with tempfile.TemporaryDirectory() as folder:
        command = ["make", plan.book_target, "PROFILE=smoke", f"BUILD={folder}"]
        command += [f"VENV={sys.prefix}"]
        start = time.perf_counter()
        subprocess.run(command, cwd=ROOT, env=inherited, stdout=subprocess.DEVNULL, check=True)
        seconds = time.perf_counter() - start
    print(f"make {plan.book_target} PROFILE=smoke: {seconds:.1f} s", flush=True)
    return {"target": plan.book_target, "seconds": seconds}


EXPERIMENTS = {
    "epochs": compare,
    "varied": vary,
    "divided": divide,
    "training": train_afresh,
    "tsne": embed_afresh,
    "book": build_book,
}

GPU_EXPERIMENTS = {"devices": compare_devices}
