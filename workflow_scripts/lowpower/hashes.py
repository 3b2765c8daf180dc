"""File hash that can be checked without lowpower."""

import hashlib
from pathlib import Path


def hash_of(path: str | Path) -> str:
    """SHA-256 of a file, as `sha256sum` prints it."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
