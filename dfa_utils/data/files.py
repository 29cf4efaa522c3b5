"""Files that are whole or not there, however many write them at once."""

import os
import secrets
import time
from contextlib import suppress

FORGOTTEN_SECONDS = 3600  # a partial file that nobody has touched for so long has no writer


def write_whole(path, content):
    """Write a file so that its name never stands for a part of it, whatever breaks off.

    Several may write it at once: each writes a file of its own, and the last to finish wins.

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
    _remove_forgotten(path)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(6)}.part")
    try:
        with open(partial, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _remove_forgotten(path):
    """Remove what writers of this file have left that were killed on the way."""
    for entry in path.parent.iterdir():
        if entry.name.startswith(f"{path.name}.") and entry.name.endswith(".part"):
            with suppress(OSError):  # another writer may be removing it too
                if time.time() - entry.stat().st_mtime > FORGOTTEN_SECONDS:
                    entry.unlink()


def _sync_folder(folder):
    """Put the new name on the disk too, where that can be done.

    Windows opens no folders, and some file systems sync none, such as Colab's Drive. The file
    itself is safe by now, so neither is an error.
    """
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
