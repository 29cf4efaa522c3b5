"""The numbers of a benchmark that the pages show: each is derived here from raw seconds."""

from itertools import pairwise
from statistics import median

from benchmarks.tables import (
    epoch_seconds,
    epoch_table,
    in_short,
    network_name,
    training_table,
    tsne_table,
)

FEATURES = {"mnist": 784, "digits": 64}


def headline_numbers(results):
    """Return what the pages show, by name.

    Parameters
    ----------
    results : dict
        Of a run.

    Returns
    -------
    dict of str to (float, int or str)
        Seconds, ratios, shares in percent; numbers of images are text, tables are Markdown.
    """
    plan, origin = results["plan"], results["provenance"]
    most_threads = max(row["threads"] for row in results["epochs"])
    times = median_seconds(results)
    return {
        **{name: origin[name] for name in ("cpu", "cores", "load_average", "system", "commit")},
        "versions": ", ".join(f"{name} {v}" for name, v in origin["libraries"].items()),
        "python": origin["python"],
        "blas": ", ".join(blas_kernels(results)),
        "minutes": results["seconds"] / 60,
        **{name: f"{plan[name]:,}" for name in ("images", "whole", "rounds", "slow_rounds")},
        "most_threads": most_threads,
        "table_one_thread": epoch_table(results, threads=1, show=in_short),
        "table_most_threads": epoch_table(results, threads=most_threads, show=in_short),
        "training_table": training_table(results),
        "tsne_table": tsne_table(results),
        "book_seconds": results["book"]["seconds"],
        **of_network("wide", plan["networks"][0], times, results, most_threads),
        **of_network("narrow", plan["networks"][-1], times, results, most_threads),
        **of_sizes(results),
    }


def median_seconds(results):
    """Return the comparison: (hidden sizes, rule, optimizer, threads, competitor) -> seconds."""
    return {
        (tuple(row["hidden_sizes"]), row["rule"], row["optimizer"], row["threads"], name): median(
            epoch_seconds(row, name, results["plan"]["whole"])
        )
        for row in results["epochs"]
        for name in row["seconds"]
    }


def blas_kernels(results):
    """Return the names and versions of the kernels that multiply for NumPy."""
    names = (name for row in results["epochs"] for name in row["thread_pools"]["products"])
    return dict.fromkeys(name for name in names if name != "openmp")


def of_network(prefix, hidden_sizes, times, results, most_threads):
    """Return the ratios that describe one network of the comparison, with DFA and SGD."""

    def seconds(competitor, rule="dfa", optimizer="sgd", threads=1):
        return times[tuple(hidden_sizes), rule, optimizer, threads, competitor]

    def saving(measure):
        return 100 * (1 - measure("dfa") / measure("bp"))

    features = FEATURES[results["plan"]["dataset"]]
    project = seconds("project")
    return {
        f"{prefix}_network": network_name(hidden_sizes),
        f"{prefix}_to_products": project / seconds("products"),
        f"{prefix}_first_written": seconds("first_written") / project,
        f"{prefix}_jax": seconds("jax_scan") / project,
        f"{prefix}_pytorch": seconds("pytorch") / project,
        f"{prefix}_autograd": seconds("pytorch_autograd", "bp") / seconds("project", "bp"),
        f"{prefix}_counted_saving": saving(
            lambda rule: multiply_adds(hidden_sizes, rule, features)
        ),
        f"{prefix}_products_saving": saving(lambda rule: seconds("products", rule)),
        f"{prefix}_saving": saving(lambda rule: seconds("project", rule)),
        f"{prefix}_rmsprop": seconds("project", optimizer="rmsprop") / project,
        f"{prefix}_threads_gain": project / seconds("project", threads=most_threads),
    }


def of_sizes(results):
    """Return what the experiments beside the comparison come to."""
    whole, varied = results["plan"]["whole"], results["varied"]

    def ends(size):
        first, *_, last = varied[size]
        return first, last, median_epoch(first, whole), median_epoch(last, whole)

    one, stacked, alone, together = ends("seeds")
    small, large, of_small, of_large = ends("batch_size")
    *_, of_part, of_all = ends("images")
    fewest, most = results["training"][0], results["training"][-1]
    divided = {name: median(times) for name, times in results["divided"]["seconds"].items()}
    return {
        "stacked_seeds": stacked["seeds"],
        "stacked_cost": together / stacked["seeds"] / (alone / one["seeds"]),
        "divided_seeds": results["divided"]["seeds"],
        "divided_gain": divided["one_process"] / divided["two_processes"],
        "small_batch": small["batch_size"],
        "large_batch": large["batch_size"],
        "batch_gain": of_small / of_large,
        "whole_to_part": of_all / of_part,
        "memory_fewest_images": f"{fewest['images']:,}",
        "memory_most_images": f"{most['images']:,}",
        "memory_per_image": 1e-3
        * (peak(most) - peak(fewest))
        / (most["images"] - fewest["images"]),
    }


def median_epoch(row, whole):
    """Return the seconds of an epoch of this project."""
    return median(epoch_seconds(row, "project", whole))


def peak(row):
    """Return the peak of the resident memory, in bytes."""
    return median(run["peak_bytes"] for run in row["runs"])


def multiply_adds(hidden_sizes, rule, features, classes=10):
    """Count the multiply-adds of the matrix products of one step, for one sample.

    Parameters
    ----------
    hidden_sizes : sequence of int
    rule : {"bp", "dfa"}
    features, classes : int

    Returns
    -------
    int
    """
    sizes = [features, *hidden_sizes, classes]
    weights = [fan_in * fan_out for fan_in, fan_out in pairwise(sizes)]
    sent = classes * sum(hidden_sizes) if rule == "dfa" else sum(weights[1:])
    return 2 * sum(weights) + sent  # forward, gradients; and the errors
