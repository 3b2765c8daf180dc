"""Checks of folders before anything runs."""

import re
import tempfile
from pathlib import Path

from lowpower.errors import InputError


def check_project_path(home: str | Path) -> None:
    """Raise InputError for braces in the project's own path, which Snakemake would read as wildcards."""
    if re.search("[{}]", str(home)):
        raise InputError(
            f"lowpower is in {home}, and Snakemake reads braces in that path as wildcards; move or rename the folder, "
            "so that its path has neither { nor }"
        )


def check_writable(folder: str | Path) -> None:
    """Raise InputError unless ``folder``, which need not exist yet, is writable; leave no file behind."""
    existing = Path(folder)
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise InputError(
            f"cannot write into {existing.absolute()} ({error.strerror}) to create {folder}; fix the permissions, or "
            "run in another folder: snakemake --directory FOLDER"
        ) from None
