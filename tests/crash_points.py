"""Processes that are killed, or find the disk full, at each step of writing a checkpoint.

``python crash_points.py FOLDER`` tries all and ends with an error at the first that loses
something. Forks need a process without threads, which one that runs tests is not.
"""

import os
import resource
import signal
import sys
from pathlib import Path

from kill_and_resume import broken_off, partial_files, run
from small_data import bits

from dfa_utils.chapter.checkpoints import read_checkpoint

RULE = "dfa"
STEPS = [
    (name, when, write)
    for name in ("fsync", "replace")
    for when in ("before", "after")
    for write in (1, 2, 5)  # the first write is that of no epochs at all
]


def in_a_child(work):
    """Run a function in a fork of this process; return its exit status."""
    child = os.fork()
    if child == 0:
        os._exit(work() or 0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(name, when, write, path):
    """Train, and be killed before or after a call of the operating system in a certain write."""
    original, calls = getattr(os, name), []

    def deadly(*args):
        calls.append(args)
        # Each write calls fsync twice: for the file and for its folder.
        last = len(calls) == (2 * write - 1 if name == "fsync" else write)
        if last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        original(*args)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)

    setattr(os, name, deadly)
    run(RULE, path)


def try_a_kill(name, when, write, path, expected):
    """Assert that the last whole checkpoint is there, and that the run goes on from it."""
    assert in_a_child(lambda: killed_at(name, when, write, path)) == -signal.SIGKILL
    written = write if (name, when) == ("replace", "after") else write - 1
    if written:
        assert len(read_checkpoint(path)[1]["curves/train_error"]) == written - 1
    else:
        assert not path.exists()
    assert bits(run(RULE, path)) == expected
    left = {entry.name for entry in path.parent.iterdir()} - {path.name}
    assert left == partial_files(path) and len(left) <= 1


def without_room(path, size):
    """Train where a file may not be larger than ``size``: the kernel refuses amid the write."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        run(RULE, path)
    except OSError as error:
        said = f"the checkpoint {path} cannot be written (" in str(error)
        return 3 if said and "an earlier one is kept" in str(error) else 4
    return 5


def try_a_full_disk(path, expected):
    """Assert that the run ends with a clear error and that its last checkpoint is kept."""
    broken_off(RULE, path, 3)
    content = path.read_bytes()
    assert in_a_child(lambda: without_room(path, len(content) // 2)) == 3
    assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert bits(run(RULE, path)) == expected


def main():
    folder = Path(sys.argv[1])
    expected = bits(run(RULE))
    for number, step in enumerate(STEPS):
        try_a_kill(*step, folder / str(number) / "run.checkpoint", expected)
    try_a_full_disk(folder / "full" / "run.checkpoint", expected)
    print(f"{len(STEPS)} kills and a full disk")


if __name__ == "__main__":
    main()
