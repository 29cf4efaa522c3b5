"""Networks that were trained on noise before they saw an image: their courses, and claims."""

import math
from dataclasses import replace

import numpy as np

from dfa_utils.alignment import error_angles, weight_angles
from dfa_utils.array import namespace_of
from dfa_utils.chapter.records import record
from dfa_utils.chapter.verdicts import clearly, interval, judge

WAYS = {"images alone": "none", "noise first": "noise", "noise, other matrices": "other"}


def noise_like(data, number):
    """Return a data set whose training images and labels are noise.

    Parameters
    ----------
    data : dfa_utils.data.Dataset
        How many there are; its test images stay.
    number : int
        Of the noise: another number, other noise.

    Returns
    -------
    dfa_utils.data.Dataset
        Each pixel is standard normal, each class equally probable, and nothing depends on anything.
    """
    rng, like = np.random.default_rng(number), data.backend.to_host(data.train_targets)
    images = rng.standard_normal(data.train_images.shape, like.dtype)
    labels = rng.integers(data.num_classes, size=len(like))
    arrays = {"images": images, "labels": labels}
    arrays["targets"] = np.eye(data.num_classes, dtype=like.dtype)[labels]
    on_device = {f"train_{kind}": data.backend.asarray(array) for kind, array in arrays.items()}
    return replace(data, name=f"noise {number}", **on_device)


def angles(run):
    """Measure both alignments of a run, see `dfa_utils.alignment`.

    Parameters
    ----------
    run : Run

    Returns
    -------
    array (running seeds, 2, hidden layers)
        Degrees: `dfa_utils.alignment.error_angles`, and `dfa_utils.alignment.weight_angles`, which
        are not-a-number under a rule without feedback matrices.
    """
    sent = error_angles(run)
    weights = weight_angles(run) if run.state.feedback else sent * math.nan
    return namespace_of(sent).stack([sent, weights], axis=1)


def record_course(name, run):
    """Record what networks went through, and print where they stood.

    Parameters
    ----------
    name : str
        The records are ``{name}_{quantity}_curve``: ``error`` on the test images after each
        epoch, and ``sent`` and ``weights``, the two angles, from before the first epoch on.
    run : Run
        It has measured `angles` as ``"angles"``.
    """
    errors, both = run.history.test_error, np.array(run.measured["angles"], dtype=float)
    record(f"{name}_error_curve", np.round(errors, 4))
    record(f"{name}_sent_curve", np.round(both[:, :, 0], 2))
    record(f"{name}_weights_curve", np.round(both[:, :, 1], 2))
    first, last = (errors[k].mean() for k in (0, -1))
    print(f"{name:17} test error, first epoch {first:6.2f} %, last {last:6.2f} %")


def errors_by_rule(stored, rules):
    """Return the test errors of a stored run on images, by what came before them.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun
    rules : sequence of str
        What the records of each begin with, such as ``"bp"``.

    Returns
    -------
    dict of str to numpy.ndarray (epochs + 1, seeds, rules)
        By the words for each way to the images, up to the last epoch of those that have heard
        noise. Not-a-number before the first epoch, and where there is no such run.
    """
    epochs, found = stored.parameters["num_epochs"], {}
    for words, way in WAYS.items():
        panels = []
        for rule in rules:
            name = f"{rule}_{way}_error"
            curve = stored.curve(f"{rule}_noise_error") * math.nan
            if f"{name}_curve" in stored.records:
                curve = stored.curve(name)[:epochs]
            panels.append(np.concatenate([curve[:1] * math.nan, curve]))
        found[words] = np.stack(panels, axis=-1)
    return found


def judge_noise(stored):
    """Print the errors of a stored run, and judge what noise has done, see the chapter.

    Parameters
    ----------
    stored : dfa_utils.chapter.verdicts.StoredRun
    """
    last = stored.parameters["num_epochs"] - 1
    for rule in ("bp", "fa", "dfa"):
        ways = [way for way in WAYS.values() if f"{rule}_{way}_error_curve" in stored.records]
        errors = {way: stored.curve(f"{rule}_{way}_error") for way in ways}
        for way, curve in errors.items():
            rows = {"first epoch": curve[0], "last": curve[last]}
            rows |= {"as many steps in all": curve[-1]} if way == "none" else {}
            cells = ("{}: {:.2f} ± {:.2f}".format(k, *interval(v)) for k, v in rows.items())
            print(f"{rule:4}{way:6}", "   ".join(cells))
        none, noise = errors["none"], errors["noise"]
        claims = {"faster": (none[0] - noise[0], "faster")}
        if rule != "bp":
            turned = 90 - stored.curve(f"{rule}_noise_before_weights")[-1]
            claims = {"aligned": (turned, "aligned by noise, every layer")} | claims
            claims["better"] = none[last] - noise[-1], "better after equally many images"
            claims["by_alignment"] = errors["other"][0] - noise[0], "faster by alignment"
            claims["worth_it"] = none[-1] - noise[-1], "better after as many steps in all"
        for claim, (change, words) in claims.items():
            judge(f"{rule}_{claim}", f"{rule.upper()}: {words}", clearly(change).all())
