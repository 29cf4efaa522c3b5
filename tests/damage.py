"""Damage to a checkpoint: what reading it must refuse, whatever was done to the bytes."""

import numpy as np

from dfa_utils.chapter.checkpoints import CheckpointError, parse_checkpoint


def cuts(content, step=1):
    """Yield the content cut off at every ``step``-th byte."""
    for length in range(0, len(content), step):
        yield content[:length]


def flips(content, bits=range(8), step=1):
    """Yield the content with one bit of every ``step``-th byte flipped."""
    damaged = bytearray(content)
    for place in range(0, len(content), step):
        for bit in bits:
            damaged[place] ^= 1 << bit
            yield bytes(damaged)
            damaged[place] ^= 1 << bit


def mixtures(content, count, seed=0):
    """Yield the content with a stretch zeroed, drawn anew, moved, doubled or left out."""
    generator = np.random.default_rng(seed)
    for _ in range(count):
        start, end = np.sort(generator.integers(0, len(content), 2))
        head, stretch, tail = content[:start], content[start : end + 1], content[end + 1 :]
        noise = generator.integers(0, 256, len(stretch), dtype=np.uint8).tobytes()
        ways = (bytes(len(stretch)), noise, stretch[::-1], stretch + stretch, b"")
        yield head + ways[generator.integers(len(ways))] + tail


def count_refusals(content, damaged):
    """Read every damaged content; return how many were refused.

    Raises
    ------
    AssertionError
        If one that differs was read, or refused by anything but a `CheckpointError`.
    """
    refused = 0
    for one in damaged:
        try:
            parse_checkpoint(one)
        except CheckpointError:
            refused += 1
        else:
            assert one == content, "a damaged checkpoint was read"
    return refused
