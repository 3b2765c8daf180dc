"""Random draws as pure functions of a seed, a purpose and keys (region, view, step ...).

A draw depends on nothing else: not on the number of workers or cores, the order of the sheet, the executor or an
interruption.
"""

import hashlib

import numpy as np


def _digest(seed: int, purpose: str, keys: tuple) -> bytes:
    text = "\x1f".join([str(seed), purpose, *map(str, keys)])
    return hashlib.sha256(text.encode()).digest()


def generator(seed: int, purpose: str, *keys: object) -> np.random.Generator:
    """Make the numpy generator of (seed, purpose, keys); equal arguments give equal streams."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(_digest(seed, purpose, keys)[:16], "big")))


def integer(seed: int, purpose: str, *keys: object) -> int:
    """Draw the 63-bit integer of (seed, purpose, keys): a sort key, or a seed for another library."""
    return int.from_bytes(_digest(seed, purpose, keys)[:8], "big") >> 1
