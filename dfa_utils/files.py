"""Files that are whole or not there."""

import os
from contextlib import suppress


def write_whole(path, content):
    """Write a file so that its name never stands for a part of it, whatever breaks off.

    Parameters
    ----------
    path : pathlib.Path
        What it held stays until the new content is on the disk.
    content : bytes

    Raises
    ------
    OSError
        If it cannot be written; then nothing is left beside what was there.
    """
    partial = path.with_name(f"{path.name}.part")
    try:
        with open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder):
    """Put the new name on the disk too; some file systems cannot, such as Colab's Drive."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
