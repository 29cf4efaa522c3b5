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

from dfa_utils.array import Backend
from dfa_utils.data import DATASETS, DataUnavailableError, load_dataset
from dfa_utils.data.datasets import parse_cifar, parse_idx

ARRAYS = [
    f"{split}_{kind}" for split in ("train", "test") for kind in ("images", "labels", "targets")
]


def idx(array, magic=None):
    header = (magic or 0x0800 + array.ndim, *array.shape)
    return struct.pack(f">{len(header)}I", *header) + array.tobytes()


def put_into_the_cache(name, contents, folder, monkeypatch):
    """Let small files stand for those of a data set."""
    monkeypatch.setenv("DFA_DATA", str(folder))
    md5 = {file: hashlib.md5(content).hexdigest() for file, content in contents.items()}
    published = DATASETS[name]
    monkeypatch.setitem(DATASETS, name, replace(published, files=replace(published.files, md5=md5)))
    (folder / name).mkdir()
    for file, content in contents.items():
        (folder / name / file).write_bytes(content)


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
    for name in ("mnist", "fashion_mnist"):
        put_into_the_cache(name, contents, tmp_path, monkeypatch)
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
        ({"name": "MNIST"}, "name must be one of 'mnist', .*, 'digits', got 'MNIST'"),
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
from dfa_utils.data import datasets, load_dataset
datasets.load_files = lambda files: sys.exit(str({"torch", "sklearn"} & set(sys.modules)))
load_dataset("mnist", backend="numpy")
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert process.stderr == "set()\n"


def test_validation_samples_are_the_last_of_the_training_set(small):
    whole = load_dataset("mnist", backend="numpy")
    split = load_dataset("mnist", backend="numpy", validation_samples=7, train_samples=20)
    rest = load_dataset("mnist", backend="numpy", validation_samples=7)
    for kind in ("images", "labels", "targets"):
        all_of_them = getattr(whole, f"train_{kind}")
        assert np.array_equal(getattr(split, f"validation_{kind}"), all_of_them[-7:])
        assert np.array_equal(getattr(split, f"train_{kind}"), all_of_them[:20])
        assert np.array_equal(getattr(rest, f"train_{kind}"), all_of_them[:-7])
        assert np.array_equal(getattr(split, f"test_{kind}"), getattr(whole, f"test_{kind}"))
        assert getattr(whole, f"validation_{kind}") is None


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        ({"validation_samples": 30}, "validation_samples must be < 30, the size of the training"),
        ({"validation_samples": -1}, "validation_samples must be >= 0, got -1"),
        ({"validation_samples": None}, "validation_samples must be an integer, got None"),
        ({"validation_samples": 7, "train_samples": 24}, "train_samples must be <= 23, or None"),
    ],
)
def test_validation_samples_leave_some_to_train_on(small, arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        load_dataset("mnist", backend="numpy", **arguments)


def test_validation_arrays_that_do_not_fit_are_refused():
    digits = load_dataset("digits", backend="numpy", validation_samples=5)
    with pytest.raises(ValueError, match="validation_labels must be an array"):
        replace(digits, validation_labels=None)
    with pytest.raises(ValueError, match="validation_images must be an array"):
        replace(digits, validation_images=digits.validation_images[:, :-1])


def pickled_by_python_2(labels_key, images, labels):
    """Return a file of CIFAR: what Python 2 wrote, with channels first and a list of labels."""

    def text(value):
        short = len(value) < 256
        length = struct.pack("<B" if short else "<i", len(value))
        return (b"U" if short else b"T") + length + value

    data = np.moveaxis(images, -1, 1).tobytes()
    shape = b"K\x01(M" + struct.pack("<H", len(images)) + b"M\x00\x0ctq\x0c"
    array = [
        b"cnumpy.core.multiarray\n_reconstruct\nq\x07cnumpy\nndarray\nq\x08K\x00\x85q\t",
        text(b"b") + b"\x87q\nRq\x0b(" + shape[:2] + shape[2:],
        b"cnumpy\ndtype\nq\r" + text(b"u1") + b"K\x00K\x01\x87q\x0fRq\x10(K\x03" + text(b"|"),
        b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x12b\x89" + text(data) + b"tq\x13b",
    ]
    numbers = b"".join(b"K" + bytes([label]) for label in labels)
    others = b"".join(b"K" + bytes([label // 5]) for label in labels)
    parts = [
        *(b"\x80\x02}q\x01(", text(b"batch_label") + text(b"training batch 1 of 5")),
        *(text(labels_key) + b"]q\x05(" + numbers + b"e", text(b"data"), *array),
        *(text(b"coarse_labels") + b"]q\x14(" + others + b"e",),
        *(text(b"filenames") + b"]q\x15(" + b"".join(text(b"a.png") for _ in labels) + b"e", b"u."),
    ]
    return b"".join(parts)


CIFAR_FILES = {
    "cifar10": ("labels", [*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]),
    "cifar100": ("fine_labels", ["train", "test"]),
}


@pytest.fixture(params=CIFAR_FILES)
def small_cifar(request, tmp_path, monkeypatch):
    """Put small files into the cache; return the name, and images and labels by file."""
    name, generator = request.param, np.random.default_rng(0)
    key, files = CIFAR_FILES[name]
    arrays = {}
    for count, file in enumerate(files, start=300):
        images = generator.integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
        arrays[file] = images, generator.integers(0, len(DATASETS[name].class_names), count)
    contents = {file: pickled_by_python_2(key.encode(), *pair) for file, pair in arrays.items()}
    put_into_the_cache(name, contents, tmp_path, monkeypatch)
    return name, arrays


def test_cifar_is_read_with_channels_last(small_cifar):
    name, arrays = small_cifar
    data = load_dataset(name, backend="numpy", input_range=(0, 255), dtype="float64")
    assert data.image_shape == (32, 32, 3)
    assert len(set(data.class_names)) == data.num_classes == (10 if name == "cifar10" else 100)
    *training, test = arrays.values()
    for part, pairs in (("train", training), ("test", [test])):
        images, labels = (np.concatenate(kind) for kind in zip(*pairs, strict=True))
        shown = getattr(data, f"{part}_images").reshape(-1, *data.image_shape)
        np.testing.assert_allclose(shown, images, atol=1e-12)
        assert np.array_equal(getattr(data, f"{part}_labels"), labels)


def test_cifar_is_read_as_torchvision_reads_it(small_cifar, tmp_path, monkeypatch):
    datasets = pytest.importorskip("torchvision.datasets")
    name, _ = small_cifar
    files = DATASETS[name].files
    theirs = getattr(datasets, files.torchvision_class)
    assert files.torchvision_folder == theirs.base_folder
    monkeypatch.setattr(theirs, "_check_integrity", lambda _: True)
    monkeypatch.setattr(theirs, "_load_meta", lambda _: None)
    (tmp_path / theirs.base_folder).symlink_to(tmp_path / name)
    data = load_dataset(name, backend="numpy", input_range=(0, 255), dtype="float64")
    for part in ("train", "test"):
        read = theirs(tmp_path, train=part == "train")
        ours = getattr(data, f"{part}_images").reshape(-1, 32, 32, 3)
        np.testing.assert_allclose(ours, read.data, atol=1e-12)
        assert getattr(data, f"{part}_labels").tolist() == list(read.targets)


@pytest.mark.parametrize("name", CIFAR_FILES)
def test_checksums_of_cifar_are_those_that_torchvision_knows(name):
    datasets = pytest.importorskip("torchvision.datasets")
    files = DATASETS[name].files
    theirs = getattr(datasets, files.torchvision_class)
    assert files.md5 == dict([*theirs.train_list, *theirs.test_list])


def test_a_file_that_is_not_cifar_is_refused():
    images, labels = np.zeros((2, 32, 32, 3), np.uint8), [1, 2]
    content = pickled_by_python_2(b"labels", images, labels)
    assert parse_cifar(content, "labels")[1].tolist() == labels
    with pytest.raises(ValueError, match="0 images need 0 pixels, got 6144"):
        parse_cifar(content, "fine_labels")
    with pytest.raises(ValueError, match="3 images need 9216 pixels, got 6144"):
        parse_cifar(pickled_by_python_2(b"labels", images, [1, 2, 3]), "labels")
    with pytest.raises(ValueError):
        parse_cifar(b"<html>", "labels")


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


def test_classes_are_taken_out_and_numbered_anew():
    whole = load_dataset("digits", backend="numpy", validation_samples=200)
    part = whole.of_classes([7, 2])
    assert part.class_names == ("7", "2") and part.image_shape == whole.image_shape
    for split in ("train", "test", "validation"):
        images, labels, targets = (
            getattr(whole, f"{split}_{kind}") for kind in ("images", "labels", "targets")
        )
        kept = [k for k in range(len(labels)) if labels[k] in (7, 2)]
        numbers = [{7: 0, 2: 1}[int(labels[k])] for k in kept]
        assert getattr(part, f"{split}_labels").tolist() == numbers
        np.testing.assert_array_equal(getattr(part, f"{split}_images"), images[kept])
        np.testing.assert_array_equal(getattr(part, f"{split}_targets"), np.eye(2)[numbers])
        assert getattr(part, f"{split}_targets").dtype == targets.dtype


def test_classes_are_taken_out_on_the_device():
    xp = array_api_strict
    strict = Backend("strict", xp, xp.Device("device1"), xp.Device("CPU_DEVICE"))
    part = load_dataset("digits", backend=strict).of_classes(range(5))
    expected = load_dataset("digits", backend="numpy").of_classes(range(5))
    for name in ARRAYS:
        array = getattr(part, name)
        assert array.device == strict.device
        assert np.array_equal(strict.to_host(array), getattr(expected, name))


@pytest.mark.parametrize("classes", [[], [1, 1], [10], [-1], ["1"], 3, [0.5]])
def test_classes_that_are_none_are_refused(classes):
    with pytest.raises(ValueError, match=r"^classes(\[0\])? must be "):
        load_dataset("digits", backend="numpy").of_classes(classes)


# Training labels that are replaced at random.


def labels_with(noise, seed=0, **others):
    """Return the training labels and targets of the digits with some noise."""
    data = load_dataset("digits", backend="numpy", label_noise=noise, label_seed=seed, **others)
    np.testing.assert_array_equal(data.train_targets.argmax(axis=1), data.train_labels)
    np.testing.assert_array_equal(data.train_targets.sum(axis=1), 1)
    return data.train_labels


@pytest.mark.parametrize("noise", [0.1, 0.5, 0.9, 1.0])
def test_a_share_of_the_training_labels_is_replaced(noise):
    """A tenth of those replaced is right by chance."""
    clean, noisy = labels_with(0.0), labels_with(noise)
    changed = np.count_nonzero(noisy != clean)
    expected = 0.9 * noise * len(clean)
    assert abs(changed - expected) < 4 * np.sqrt(expected * 0.1) + 1
    counts = np.bincount(noisy[noisy != clean], minlength=10)
    assert (abs(counts - expected / 10) < 5 * np.sqrt(expected / 10)).all()


def test_noise_changes_nothing_else():
    arguments = {"backend": "numpy", "validation_samples": 100}
    clean, noisy = (
        load_dataset("digits", **arguments),
        load_dataset("digits", label_noise=0.9, **arguments),
    )
    for part in ("test", "validation"):
        for kind in ("images", "labels", "targets"):
            name = f"{part}_{kind}"
            np.testing.assert_array_equal(getattr(clean, name), getattr(noisy, name))
    np.testing.assert_array_equal(clean.train_images, noisy.train_images)
    again = load_dataset("digits", backend="numpy")
    np.testing.assert_array_equal(again.train_labels, labels_with(0.0))


def test_more_noise_replaces_the_same_labels_and_more():
    clean, less, more = (labels_with(noise) for noise in (0.0, 0.2, 0.6))
    changed = less != clean
    np.testing.assert_array_equal(more[changed], less[changed])
    assert (more != clean).sum() > 2 * changed.sum()


def test_the_seed_of_the_noise_decides_which():
    one, again, other = labels_with(0.5), labels_with(0.5), labels_with(0.5, seed=1)
    np.testing.assert_array_equal(one, again)
    assert (one != other).mean() > 0.3


@pytest.mark.parametrize("noise", [-0.1, 1.1, "0.5"])
def test_a_noise_that_is_no_share_is_refused(noise):
    with pytest.raises(ValueError, match="label_noise must be"):
        labels_with(noise)
