"""What a process of its own costs: imports, data, the first epoch, memory; and t-SNE.

``python -m benchmarks.fresh training '{"hidden_sizes": ...}'`` trains the first epoch of a case,
``tsne`` in its place embeds the images of the case; either prints one line of JSON.
"""

import json
import resource
import sys
import time

from benchmarks.cases import case_from


def training(case):
    """Import this project, load the data, train one epoch.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict
        Seconds of each part; ``peak_bytes``, the largest resident memory; ``torch``, whether
        PyTorch was imported.
    """
    times = [time.perf_counter()]
    from benchmarks.competitors.project import Project
    from benchmarks.problem import load_problem

    times.append(time.perf_counter())
    problem = load_problem(case)
    times.append(time.perf_counter())
    Project(problem).train_epoch(1)
    times.append(time.perf_counter())
    parts = ("import", "load", "first_epoch")
    seconds = {part: times[i + 1] - times[i] for i, part in enumerate(parts)}
    return seconds | {"peak_bytes": peak_bytes(), "torch": "torch" in sys.modules}


def tsne(case):
    """Embed the last hidden layer's features of all images of a case.

    Parameters
    ----------
    case : Case

    Returns
    -------
    dict
        Seconds of the embedding, after scikit-learn has been imported.
    """
    import sklearn.manifold  # noqa: F401

    from benchmarks.competitors.project import Project
    from benchmarks.problem import load_problem
    from dfa_utils.figures import embed

    problem = load_problem(case)
    subject = Project(problem)
    subject.train_epoch(1)
    run = subject.run
    features = run.network.features(run.params, problem.dataset.train_images)[-1][0]
    start = time.perf_counter()
    embed(features)
    return {"seconds": time.perf_counter() - start}


def peak_bytes():
    """Return the peak of the resident memory of this process."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    task, case = sys.argv[1], case_from(json.loads(sys.argv[2]))
    print(json.dumps({"training": training, "tsne": tsne}[task](case)))
