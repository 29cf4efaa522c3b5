"""Files that are whole or not there, also where several write them at once."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from dfa_utils.data.files import FORGOTTEN_SECONDS, write_whole


def test_two_writers_at_once_both_succeed(tmp_path, monkeypatch):
    """Each is held up between its writing and its renaming until the other is there too."""
    path, both, replace = tmp_path / "kept", Barrier(2, timeout=30), os.replace

    def renamed_together(source, target):
        both.wait()
        replace(source, target)

    monkeypatch.setattr(os, "replace", renamed_together)
    contents = [b"first" * 1000, b"second" * 1000]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda content: write_whole(path, content), contents))
    assert path.read_bytes() in contents
    assert os.listdir(tmp_path) == ["kept"]


def test_a_file_that_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "kept"
    write_whole(path, b"before")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["kept"]


def test_a_folder_that_cannot_be_opened_or_synced_is_no_error(tmp_path, monkeypatch):
    """The file is on the disk by then. Windows opens no folders; Colab's Drive syncs none."""
    opened, synced = os.open, os.fsync

    def open_no_folder(path, *arguments, **options):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **options)

    def sync_no_folder(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(22, "Invalid argument")
        synced(descriptor)

    for name, refusing in (("open", open_no_folder), ("fsync", sync_no_folder)):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, refusing)
            write_whole(tmp_path / name, b"content")
        assert (tmp_path / name).read_bytes() == b"content"


def test_what_a_killed_writer_has_left_goes_in_the_end(tmp_path):
    path, left = tmp_path / "kept", tmp_path / "kept.0123456789ab.part"
    others = [tmp_path / "kept too.0123456789ab.part", tmp_path / "kept.csv"]
    for file in (left, *others):
        file.touch()
    write_whole(path, b"content")
    assert left.exists()  # whoever wrote it may still be at work
    long_ago = time.time() - FORGOTTEN_SECONDS - 1
    for file in (left, *others):
        os.utime(file, (long_ago, long_ago))
    write_whole(path, b"content")
    assert set(tmp_path.iterdir()) == {path, *others}


def test_others_may_read_it_as_far_as_the_mask_allows(tmp_path):
    mask = os.umask(0o027)
    try:
        write_whole(tmp_path / "kept", b"content")
    finally:
        os.umask(mask)
    assert (tmp_path / "kept").stat().st_mode & 0o777 == 0o640
