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
            "the memory of this machine, or of this job, is used up; run with fewer --cores, or lower "
            "training.memory_mb, training.megapixels_per_pass, or max_side_um where single regions are larger than that"
        )
    if type(error).__name__ == "OutOfMemoryError":  # torch's on GPUs
        return (
            "the memory of the GPU is used up; lower training.megapixels_per_pass, or max_side_um where single regions "
            "are larger than that (training.batch and training.memory_mb take none of it)"
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        where = f" for {error.filename}" if error.filename else f" ({Path.cwd()})"
        return f"no space is left on the disk{where}; make room and give the same command again: what is finished stays"
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"{error.filename} cannot be written or read ({error.strerror}); give yourself the right to, or move away"
        )
    return None
