"""Loss and error of networks on labelled images."""

from dfa_utils.arrays import namespace_of
from dfa_utils.checks import check_instance
from dfa_utils.choices import choose
from dfa_utils.datasets import Dataset
from dfa_utils.losses import LOSSES
from dfa_utils.network import compute_logits, in_chunks


def evaluate(params, dataset, activation="tanh", loss="binary_cross_entropy"):
    """Measure loss and error on the test set.

    Parameters
    ----------
    params : list of Layer
    dataset : Dataset
    activation, loss : str
        As in `dfa_utils.training.train`.

    Returns
    -------
    dict
        ``test_loss`` (nats a sample) and ``test_error`` (percent), numpy.ndarray (seeds,).
    """
    check_instance("dataset", dataset, Dataset)
    logits = compute_logits(params, dataset.test_images, activation)
    labels, targets = dataset.test_labels, dataset.test_targets
    return measure("test", logits, labels, targets, choose("loss", loss, LOSSES), dataset.backend)


def measure(part, logits, labels, targets, objective, backend):
    """Compare logits with what they should be, and bring the averages to the host.

    Parameters
    ----------
    part : {"train", "test"}
    logits : array (seeds, n, classes)
    labels : array of int (n,) or (seeds, n)
    targets : array (n, classes) or (seeds, n, classes)
    objective : dfa_utils.losses.Loss
    backend : Backend

    Returns
    -------
    dict
        ``{part}_loss`` (nats a sample) and ``{part}_error`` (percent), numpy.ndarray (seeds,).
    """
    xp, count = namespace_of(logits), logits.shape[-2]
    total_loss = total_wrong = 0
    chunks = (in_chunks(array) for array in (logits, labels[..., None], targets))
    for some_logits, some_labels, some_targets in zip(*chunks, strict=True):
        wrong = xp.argmax(some_logits, axis=-1) != some_labels[..., 0]
        total_wrong += xp.sum(xp.astype(wrong, logits.dtype), axis=-1)
        total_loss += xp.sum(objective.value(some_logits, some_targets), axis=-1)
    return {
        f"{part}_loss": backend.to_host(total_loss) / count,
        f"{part}_error": 100 * backend.to_host(total_wrong) / count,
    }
