"""User errors, as opposed to bugs."""

import errno
from pathlib import Path


class InputError(ValueError):
    """An error that the user can fix. The message names the place, what was found and what to write instead."""


def remedy(error: BaseException) -> str | None:
    """One message for an error that the user can fix, or None for a bug."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):  # torch's allocator on CPUs
        return (
            "this machine, or this job, is out of memory; run with fewer --cores, or lower "
            "training.memory_mb, training.megapixels_per_pass, or max_side_um if single regions are larger than that"
        )
    if type(error).__name__ == "OutOfMemoryError":  # torch's on GPUs
        return (
            "the GPU is out of memory; lower training.megapixels_per_pass, or max_side_um if single regions are larger "
            "than that (training.batch and training.memory_mb do not affect it)"
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        disk = f" for {error.filename}" if error.filename else f" ({Path.cwd()})"
        return f"no space is left on the disk{disk}; free some space and repeat the command: finished files are kept"
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{error.filename} cannot be written or read ({error.strerror}); fix the permissions, or use another folder"
        )
    return None
