"""Labelled images, ready on the device: MNIST, Fashion-MNIST and the digits of scikit-learn."""

import math
import struct
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from dfa_utils.arrays import Backend, get_backend
from dfa_utils.checks import check, refuse
from dfa_utils.choices import choose
from dfa_utils.data_sources import load_files

DTYPES = {"float32": np.float32, "float64": np.float64}


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training set and a test set of labelled images.

    Parameters
    ----------
    name : str
    image_shape : tuple of int
        (height, width); an image is stored as one row, line by line.
    class_names : tuple of str
        The name of class ``k`` at position ``k``.
    backend : Backend
        Every array below is an array of this backend, on its device.
    train_images, test_images : array (n, height * width), float
        Pixel values in the input range.
    train_labels, test_labels : array (n,), int64
    train_targets, test_targets : array (n, num_classes), float
        One-hot rows of the type of the images.

    Raises
    ------
    ValueError
        If the shapes do not fit one another.
    """

    name: str
    image_shape: tuple[int, int]
    class_names: tuple[str, ...]
    backend: Backend
    train_images: Any = field(repr=False)
    train_labels: Any = field(repr=False)
    train_targets: Any = field(repr=False)
    test_images: Any = field(repr=False)
    test_labels: Any = field(repr=False)
    test_targets: Any = field(repr=False)

    def __post_init__(self):
        features = math.prod(self.image_shape)
        for part in ("train", "test"):
            count = getattr(self, f"{part}_images").shape[0]
            shapes = {"images": (features,), "labels": (), "targets": (self.num_classes,)}
            for kind, rest in shapes.items():
                shape, allowed = tuple(getattr(self, f"{part}_{kind}").shape), (count, *rest)
                if shape != allowed or not count:
                    refuse(f"{part}_{kind}", f"an array {allowed} of at least one sample", shape)

    @property
    def num_classes(self):
        """How many classes there are."""
        return len(self.class_names)


def load_dataset(name, *, backend="auto", input_range=(-1, 1), train_samples=None, dtype="float32"):
    """Load a data set onto the device.

    Parameters
    ----------
    name : {"mnist", "fashion_mnist", "digits"}
        The first two are downloaded once (see `dfa_utils.data_sources`). ``"digits"`` is part of
        scikit-learn: 1,797 images of 8x8 pixels, of which every fifth of each class is for testing.
    backend : {"auto", "numpy", "cupy", "torch"} or Backend
    input_range : pair of float
        The values of the darkest and of the brightest possible pixel.
    train_samples : int, optional
        Use the first ``train_samples`` images of the training set, in their published order, in
        which the classes are mixed but not exactly balanced. By default all. The test set is
        always whole.
    dtype : {"float32", "float64"}
        The type of images and targets.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If an argument is none of the allowed; the text names it.
    DataUnavailableError
        If the files are not in the cache and no source gives them.
    """
    read, brightest, class_names = choose("name", name, DATASETS)
    input_range = check("input_range", input_range)
    train_samples = check("train_samples", train_samples)
    dtype = choose("dtype", dtype, DTYPES)
    backend = get_backend(backend)
    (train_pixels, train_labels), (test_pixels, test_labels) = read()
    if train_samples is not None and train_samples > len(train_pixels):
        refuse("train_samples", f"<= {len(train_pixels)}, or None for all", train_samples)
    first = slice(train_samples)

    def on_device(host_array):
        # Not `Backend.asarray`, which copies: nothing else holds these arrays, and on the CPU a
        # second copy of the images would be the largest thing in memory.
        return backend.xp.asarray(host_array, device=backend.device)

    def images(pixels):
        return on_device(_scale(pixels, brightest, input_range, dtype))

    def targets(labels):
        return on_device(_one_hot(labels, len(class_names), dtype))

    return Dataset(
        name=name,
        image_shape=train_pixels.shape[1:],
        class_names=class_names,
        backend=backend,
        train_images=images(train_pixels[first]),
        train_labels=on_device(train_labels[first].astype(np.int64)),
        train_targets=targets(train_labels[first]),
        test_images=images(test_pixels),
        test_labels=on_device(test_labels.astype(np.int64)),
        test_targets=targets(test_labels),
    )


def parse_idx(content, item_shape):
    """Read an idx file of unsigned bytes, the format of MNIST.

    Parameters
    ----------
    content : bytes
    item_shape : tuple of int
        The shape of one item: ``(28, 28)`` for images, ``()`` for labels.

    Returns
    -------
    numpy.ndarray of uint8 ``(n, *item_shape)``
        A view of ``content``.

    Raises
    ------
    ValueError
        If the magic number, the shape or the length differs.
    """
    header = struct.Struct(f">{2 + len(item_shape)}I")
    if len(content) < header.size:
        raise ValueError(f"an idx file has at least {header.size} bytes here, got {len(content)}")
    magic, count, *shape = header.unpack_from(content)
    expected_magic = 0x0801 + len(item_shape)  # unsigned bytes, then the number of dimensions
    if magic != expected_magic:
        raise ValueError(f"the magic number must be {expected_magic:#06x}, got {magic:#06x}")
    if tuple(shape) != item_shape:
        raise ValueError(f"the shape of an item must be {item_shape}, got {tuple(shape)}")
    length = header.size + count * math.prod(item_shape)
    if len(content) != length:
        raise ValueError(f"{count} items need {length} bytes, got {len(content)}")
    return np.frombuffer(content, np.uint8, offset=header.size).reshape(count, *item_shape)


def _read_idx_files(name):
    """Return the pixels and labels for training, and those for testing."""
    files = load_files(name)

    def read(split):
        pixels = parse_idx(files[f"{split}-images-idx3-ubyte"], (28, 28))
        labels = parse_idx(files[f"{split}-labels-idx1-ubyte"], ())
        return pixels, labels

    return read("train"), read("t10k")


def _read_digits():
    """Split the digits of scikit-learn: of each class every fifth image is for testing."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    is_test = np.zeros(len(digits.target), dtype=bool)
    for label in np.unique(digits.target):
        is_test[np.flatnonzero(digits.target == label)[4::5]] = True
    return tuple((digits.images[part], digits.target[part]) for part in (~is_test, is_test))


DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)

#: By name: how to read pixels and labels, the value of the brightest pixel, the class names.
DATASETS = {
    "mnist": (partial(_read_idx_files, "mnist"), 255, DIGIT_NAMES),
    "fashion_mnist": (partial(_read_idx_files, "fashion_mnist"), 255, FASHION_NAMES),
    "digits": (_read_digits, 16, DIGIT_NAMES),
}


def _scale(pixels, brightest, input_range, dtype):
    """Turn images into rows whose values run over the input range, with no second large array."""
    low, high = input_range
    rows = pixels.reshape(len(pixels), -1).astype(dtype)
    rows /= brightest
    rows *= high - low
    rows += low
    return rows


def _one_hot(labels, num_classes, dtype):
    """Return rows that are one at the label and zero elsewhere."""
    rows = np.zeros((len(labels), num_classes), dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows
