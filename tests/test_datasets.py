"""Data sets: the right numbers, in the right type, on the right device."""

import hashlib
import os
import struct
import subprocess
import sys
import tracemalloc
from dataclasses import FrozenInstanceError, replace

import array_api_strict
import numpy as np
import pytest

from dfa_utils import data_sources
from dfa_utils.arrays import Backend
from dfa_utils.data_sources import DataUnavailableError
from dfa_utils.datasets import load_dataset, parse_idx

ARRAYS = [
    f"{split}_{kind}" for split in ("train", "test") for kind in ("images", "labels", "targets")
]


def idx(array, magic=None):
    header = (magic or 0x0800 + array.ndim, *array.shape)
    return struct.pack(f">{len(header)}I", *header) + array.tobytes()


@pytest.fixture
def small(tmp_path, monkeypatch):
    """Put small files into the cache in the place of MNIST and Fashion-MNIST; return the arrays."""
    generator = np.random.default_rng(0)
    arrays = {}
    for split, count in (("train", 30), ("t10k", 20)):
        pixels = generator.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        pixels[0, 0, :2] = 0, 255
        arrays[f"{split}-images-idx3-ubyte"] = pixels
        arrays[f"{split}-labels-idx1-ubyte"] = generator.integers(0, 10, count, dtype=np.uint8)
    contents = {file: idx(array) for file, array in arrays.items()}
    md5 = {file: hashlib.md5(content).hexdigest() for file, content in contents.items()}
    monkeypatch.setenv("DFA_DATA", str(tmp_path))
    for name, files in data_sources.FILE_SETS.items():
        monkeypatch.setitem(data_sources.FILE_SETS, name, replace(files, md5=md5))
        (tmp_path / name).mkdir()
        for file, content in contents.items():
            (tmp_path / name / file).write_bytes(content)
    return arrays


def test_an_idx_file_is_read():
    pixels = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    assert np.array_equal(parse_idx(idx(pixels), (3, 4)), pixels)
    assert np.array_equal(parse_idx(idx(pixels[0, 0]), ()), pixels[0, 0])


@pytest.mark.parametrize(
    "content, complaint",
    [
        (idx(np.zeros((2, 3, 4), np.uint8), 0x0D03), "magic number must be 0x0803, got 0x0d03"),
        (idx(np.zeros((2, 3), np.uint8)) + bytes(9), "magic number must be 0x0803, got 0x0802"),
        (idx(np.zeros((2, 4, 3), np.uint8)), r"shape of an item must be \(3, 4\), got \(4, 3\)"),
        (idx(np.zeros((2, 3, 4), np.uint8))[:-1], "2 items need 40 bytes, got 39"),
        (idx(np.zeros((2, 3, 4), np.uint8)) + b"0", "2 items need 40 bytes, got 41"),
        (b"\x00\x00\x08\x03", "at least 16 bytes here, got 4"),
    ],
)
def test_an_idx_file_that_is_not_as_it_should_be_is_refused(content, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_idx(content, (3, 4))


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_files_become_rows_labels_and_targets(small, name, dtype):
    dataset = load_dataset(name, backend="numpy", dtype=dtype)
    assert (dataset.name, dataset.image_shape, dataset.num_classes) == (name, (28, 28), 10)
    assert len(set(dataset.class_names)) == 10
    for split, file in (("train", "train"), ("test", "t10k")):
        images = getattr(dataset, f"{split}_images")
        labels = getattr(dataset, f"{split}_labels")
        targets = getattr(dataset, f"{split}_targets")
        pixels = small[f"{file}-images-idx3-ubyte"].reshape(-1, 784)
        assert images.dtype == targets.dtype == dtype and labels.dtype == np.int64
        np.testing.assert_allclose(images, (pixels / 255 - 0.5) / 0.5, atol=2e-7)
        assert np.array_equal(labels, small[f"{file}-labels-idx1-ubyte"])
        assert np.array_equal(targets, np.eye(10)[labels])
    with pytest.raises(FrozenInstanceError):
        dataset.train_images = None


@pytest.mark.parametrize("input_range", [(0, 1), [-1, 1], (-0.5, 2.0)])
@pytest.mark.parametrize("name", ["mnist", "digits"])
def test_the_input_range_is_what_was_asked_for(small, name, input_range):
    low, high = input_range
    unit = load_dataset(name, backend="numpy", input_range=(0, 1), dtype="float64")
    dataset = load_dataset(name, backend="numpy", input_range=input_range)
    assert (unit.train_images.min(), unit.train_images.max()) == (0, 1)
    assert (dataset.train_images.min(), dataset.train_images.max()) == (low, high)
    for part in ("train_images", "test_images"):
        expected = low + (high - low) * getattr(unit, part)
        np.testing.assert_allclose(getattr(dataset, part), expected, atol=3e-7)


@pytest.mark.parametrize("count", [1, 7, np.int64(29), 30])
def test_train_samples_are_the_first_of_the_training_set(small, count):
    whole = load_dataset("mnist", backend="numpy")
    part = load_dataset("mnist", backend="numpy", train_samples=count)
    for name in ARRAYS:
        expected = getattr(whole, name)[: count if name.startswith("train") else None]
        assert np.array_equal(getattr(part, name), expected)


@pytest.mark.parametrize(
    ("count", "allowed"),
    [
        (0, ">= 1, or None"),
        (-1, ">= 1, or None"),
        (31, "<= 30, or None for all"),
        (5.0, "an integer, or None"),
        ("5", "an integer, or None"),
        (True, "an integer, or None"),
    ],
)
def test_train_samples_out_of_the_limits_are_refused(small, count, allowed):
    complaint = f"train_samples must be {allowed}, got {count!r}"
    with pytest.raises(ValueError, match=complaint):
        load_dataset("mnist", backend="numpy", train_samples=count)


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ({"name": "MNIST"}, "name must be one of 'mnist', 'fashion_mnist', 'digits', got 'MNIST'"),
        ({"dtype": "float16"}, "dtype must be one of 'float32', 'float64', got 'float16'"),
        ({"backend": "jax"}, "backend must be one of .*'?numpy.* got 'jax'"),
        *[
            ({"input_range": bad}, "input_range must be two finite numbers, the lower one first")
            for bad in ((1, -1), (0, 0), (0,), (0, 1, 2), (0, float("inf")), (0, "1"), "[0, 1]", 1)
        ],
    ],
)
def test_bad_arguments_are_named(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        load_dataset(**{"name": "digits", "backend": "numpy", **arguments})


def test_digits_are_split_the_same_way_always():
    from sklearn.datasets import load_digits

    digits = load_digits()
    dataset = load_dataset("digits", backend="numpy", input_range=(0, 16))
    assert dataset.image_shape == (8, 8)
    assert (dataset.train_images.shape, dataset.test_images.shape) == ((1442, 64), (355, 64))
    ours = [*zip(dataset.train_images.tolist(), dataset.train_labels, strict=True)]
    ours += zip(dataset.test_images.tolist(), dataset.test_labels, strict=True)
    assert sorted(ours) == sorted(zip(digits.data.tolist(), digits.target, strict=True))
    counts = np.bincount(digits.target)
    assert np.array_equal(np.bincount(dataset.test_labels), counts // 5)
    assert np.array_equal(np.bincount(dataset.train_labels), counts - counts // 5)
    # The fifth image of each class, in the order in which they come.
    fifths = [int(np.flatnonzero(digits.target == label)[4]) for label in range(10)]
    assert np.array_equal(dataset.test_images[:10], digits.data[sorted(fifths)])


@pytest.mark.parametrize("part", ["train", "test"])
def test_arrays_that_do_not_fit_one_another_are_refused(part):
    digits = load_dataset("digits", backend="numpy", train_samples=30)
    for kind in ("images", "labels", "targets"):
        name = f"{part}_{kind}"
        array = getattr(digits, name)
        wrong = array[:-1] if kind != "images" else array[:, :-1]
        with pytest.raises(ValueError, match=rf"{name} must be an array \(.*, got \("):
            replace(digits, **{name: wrong})
    with pytest.raises(ValueError, match=f"{part}_images must be an array .* at least one sample"):
        replace(digits, **{f"{part}_images": array[:0, :64]})


def test_every_array_is_on_the_device(small):
    xp = array_api_strict
    strict = Backend("strict", xp, xp.Device("device1"), xp.Device("CPU_DEVICE"))
    dataset = load_dataset("mnist", backend=strict)
    expected = load_dataset("mnist", backend="numpy")
    assert dataset.backend is strict
    for name in ARRAYS:
        array = getattr(dataset, name)
        assert array.device == strict.device
        assert np.array_equal(strict.to_host(array), getattr(expected, name))


def test_torch_gets_the_same_numbers():
    torch = pytest.importorskip("torch")
    dataset = load_dataset("digits", backend="torch")
    expected = load_dataset("digits", backend="numpy")
    for name in ARRAYS:
        array = getattr(dataset, name)
        assert isinstance(array, torch.Tensor)
        assert np.array_equal(dataset.backend.to_host(array), getattr(expected, name))


def test_what_is_not_needed_is_not_imported(small):
    code = """
import sys
from dfa_utils.datasets import load_dataset
import dfa_utils.datasets
dfa_utils.datasets.load_files = lambda name: sys.exit(str({"torch", "sklearn"} & set(sys.modules)))
load_dataset("mnist", backend="numpy")
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.stderr == "set()\n"


def load_real(name):
    """Load a published data set; without any source, skip or (``DFA_REQUIRE_DATA=1``) fail."""
    try:
        return load_dataset(name, backend="numpy", input_range=(0, 1))
    except DataUnavailableError as error:
        if os.environ.get("DFA_REQUIRE_DATA") == "1":
            raise
        pytest.skip(str(error))


@pytest.mark.network
@pytest.mark.parametrize(
    "name, first_labels, mean, deviation, counts_of_classes",
    [
        ("mnist", [5, 0, 4, 1, 9], 0.1307, 0.3081, (5421, 6742)),
        ("fashion_mnist", [9, 0, 0, 3, 0], 0.2860, 0.3530, (6000, 6000)),
    ],
)
def test_the_published_data(name, first_labels, mean, deviation, counts_of_classes):
    load_real(name)  # into the cache, so that only a load from there is measured
    tracemalloc.start()
    try:
        dataset = load_real(name)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (dataset.train_images.shape, dataset.test_images.shape) == ((60000, 784), (10000, 784))
    assert dataset.train_labels[:5].tolist() == first_labels
    counts = np.bincount(dataset.train_labels)
    assert (counts.min(), counts.max()) == counts_of_classes
    assert dataset.train_images.mean() == pytest.approx(mean, abs=1e-4)
    assert dataset.train_images.std() == pytest.approx(deviation, abs=1e-4)
    # The result and the files, and no second copy of the training images.
    result = sum(getattr(dataset, array).nbytes for array in ARRAYS)
    assert peak < result + 80e6
