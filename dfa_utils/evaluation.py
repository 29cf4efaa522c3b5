"""Loss and error of networks on labelled images."""

from dfa_utils.arrays import namespace_of
from dfa_utils.choices import choose
from dfa_utils.losses import LOSSES
from dfa_utils.network import forward_propagation, in_chunks


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
    objective = choose("loss", loss, LOSSES)
    pieces = zip(
        in_chunks(dataset.test_images),
        in_chunks(dataset.test_labels[:, None]),
        in_chunks(dataset.test_targets),
        strict=True,
    )
    total_loss = total_wrong = 0
    for x, labels, targets in pieces:
        logits = forward_propagation(params, x, activation).logits
        chunk_loss, wrong = loss_and_wrong(objective, logits, labels[:, 0], targets)
        total_loss, total_wrong = total_loss + chunk_loss, total_wrong + wrong
    return averages("test", total_loss, total_wrong, dataset.test_images.shape[0], dataset.backend)


def loss_and_wrong(objective, logits, labels, targets):
    """Return the summed loss and the number of wrong classes, arrays (seeds,) on the device."""
    xp = namespace_of(logits)
    wrong = xp.astype(xp.argmax(logits, axis=-1) != labels, logits.dtype)
    return xp.sum(objective.value(logits, targets), axis=-1), xp.sum(wrong, axis=-1)


def averages(part, total_loss, total_wrong, count, backend):
    """Bring totals to the host, as loss (nats a sample) and error (percent) of ``part``."""
    return {
        f"{part}_loss": backend.to_host(total_loss) / count,
        f"{part}_error": 100 * backend.to_host(total_wrong) / count,
    }
