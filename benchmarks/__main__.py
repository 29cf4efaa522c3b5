"""Measure everything, store the raw seconds as JSON, print one table; see README.md."""

import argparse
import json
import os
import time
from pathlib import Path

from benchmarks.cases import FULL, QUICK
from benchmarks.experiments import EXPERIMENTS, GPU_EXPERIMENTS
from benchmarks.machine import gpu, machine
from benchmarks.tables import device_table, epoch_table

# Of the plan; the cases stand beside their seconds.
SIZES = ("dataset", "images", "whole", "rounds", "slow_rounds", "networks")


def main():
    """Run the experiments one after another."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("output", type=Path, help="the JSON file to write")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to test every path")
    parser.add_argument("--gpu", action="store_true", help="a GPU beside the processor, no more")
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else FULL
    start = time.perf_counter()
    results = {"provenance": machine(), "plan": {name: getattr(plan, name) for name in SIZES}}
    if arguments.gpu:
        results["provenance"] |= gpu()
    experiments = GPU_EXPERIMENTS if arguments.gpu else EXPERIMENTS
    for name, experiment in experiments.items():
        print(f"\n{name}: {experiment.__doc__.splitlines()[0]}", flush=True)
        results[name] = experiment(plan)
    results["seconds"] = time.perf_counter() - start
    store(results, arguments.output)
    print(f"\nSeconds of an epoch of {plan.whole:,} images, {plan.dataset}:\n")
    print(device_table(results) if arguments.gpu else epoch_table(results))
    print(f"\n{results['seconds'] / 60:.0f} minutes; raw seconds: {arguments.output}")


def store(results, path):
    """Write the results at once, so that a run that broke off leaves the last one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    os.replace(unfinished, path)


if __name__ == "__main__":
    main()
