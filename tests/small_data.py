"""Small data sets and networks for the tests."""

import array_api_strict
import numpy as np

from dfa_utils.arrays import Backend, get_backend
from dfa_utils.datasets import Dataset
from dfa_utils.feedback import initialise_feedback
from dfa_utils.initialisers import normal
from dfa_utils.network import initialise_params

SIZES = [6, 5, 4, 3]
STRICT = Backend(
    "strict",
    array_api_strict,
    array_api_strict.Device("device1"),
    array_api_strict.Device("CPU_DEVICE"),
)


def random_dataset(backend="numpy", dtype="float64", train=50, test=20, features=6, classes=3):
    """Return a data set of clusters, one for each class, that a small network can learn."""
    backend = get_backend(backend)
    generator = np.random.default_rng(0)
    centres = generator.standard_normal((classes, features))

    def draw(count):
        labels = np.arange(count) % classes
        images = centres[labels] + 0.3 * generator.standard_normal((count, features))
        targets = np.eye(classes)[labels]
        return (
            backend.asarray(images, dtype),
            backend.asarray(labels, "int64"),
            backend.asarray(targets, dtype),
        )

    images, labels, targets = draw(train)
    test_images, test_labels, test_targets = draw(test)
    return Dataset(
        name="clusters",
        image_shape=(1, features),
        class_names=tuple("abc"[:classes]),
        backend=backend,
        train_images=images,
        train_labels=labels,
        train_targets=targets,
        test_images=test_images,
        test_labels=test_labels,
        test_targets=test_targets,
    )


def random_network(rule, seeds=(0,), backend="numpy", dtype="float64", sizes=SIZES):
    """Return parameters and feedback of the size of one."""
    options = {"backend": backend, "dtype": dtype}
    params = initialise_params(sizes, seeds, normal(0.7), normal(0.3), **options)
    return params, initialise_feedback(rule, sizes, seeds, normal(0.7), **options)
