"""How long a step takes beside another one: measured anew each time, and shown apart."""

from dataclasses import replace
from statistics import median
from time import perf_counter, process_time

from dfa_utils.training import Run
from dfa_utils.validation import check, check_instance


def relative_seconds(runs, steps=20, repeats=5):
    """Time the steps of several runs, in turns.

    What is timed are new networks like those of the runs, on the first training images: an epoch
    of so many mini-batches, with an evaluation on as many test images as one of them holds. On a
    CPU seconds are those that the process itself has used.

    Parameters
    ----------
    runs : dict of str to Run
        The first one is what the others are compared with.
    steps : int
        In an epoch; how large a mini-batch is, the recipe says.
    repeats : int
        Rounds, after one that is not counted.

    Returns
    -------
    dict of str to float
        By ``"step, "`` and the name, the median over the rounds of a run's seconds over those of
        the first in the same round.
    """
    check_instance("runs", runs, dict)
    steps, repeats = check("steps", steps, "most"), check("repeats", repeats, "most")
    small, ratios = [_short(run, steps) for run in runs.values()], []
    on_cpu = small[0].data.backend.device_name == "CPU"
    clock = process_time if on_cpu else perf_counter
    for _ in range(1 + repeats):
        seconds = []
        for run in small:
            started = clock()
            run.fit(run.epoch + 1)
            seconds.append(clock() - started)
        ratios.append([own / seconds[0] for own in seconds])
    columns = zip(runs, zip(*ratios[1:], strict=True), strict=True)
    return {f"step, {name}": median(own) for name, own in columns}


def _short(run, steps):
    """Return a run like another one that has not begun, on few images."""
    count, data = run.recipe.batch_size, run.data
    parts = {"train": steps * count, "test": count}
    few = {
        name: getattr(data, name)[:number, ...]
        for part, number in parts.items()
        for name in (f"{part}_images", f"{part}_labels", f"{part}_targets")
    }
    without = {f"validation_{kind}": None for kind in ("images", "labels", "targets")}
    options = {"weights": run.recipe.rule.usual_start("relu"), "frozen": run.frozen}
    return Run(run.network, run.recipe, replace(data, **few, **without), run.seeds, **options)
