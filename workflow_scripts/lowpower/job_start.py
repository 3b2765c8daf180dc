"""What every job does first."""

import time
from collections.abc import Iterable
from pathlib import Path

from lowpower.log import open_log, say

LONGEST = 300.0  # seconds: SLURM's own authentication refuses a node whose clock is further off than that


def start_job(log: str | Path, inputs: Iterable[str | Path]) -> None:
    """Open the log, and wait until this machine's clock has passed the newest of the job's inputs.

    Where a file system takes times from whoever writes, a node whose clock is behind would date what it makes before
    what it is made from, for which Snakemake fails a job.
    """
    open_log(log)
    written, newest = max(((_written(path), str(path)) for path in inputs), default=(0.0, ""))
    behind = written - time.time()
    if behind > LONGEST:
        say(f"WARNING: {newest} is {behind:,.0f} s newer than this machine's clock. Set the clock, or `touch` the file")
    elif behind > 0:
        say(f"waiting {behind:.1f} s: {newest} is newer than this machine's clock")
        time.sleep(behind)


def _written(path: str | Path) -> float:
    """When a file was written, in seconds since 1970; 0 where it is missing, which its reader tells better."""
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
