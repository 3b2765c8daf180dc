"""Shared by the benchmarks: measurement in a child process, and the spread of rounds."""

import os
import subprocess
import sys
from statistics import median


def run_child(script: str, *arguments: str) -> tuple[str, float, int]:
    """Run a script, or ``-m`` with a module; return its output, processor seconds and peak memory in MB."""
    child = subprocess.Popen([sys.executable, script, *arguments], stdout=subprocess.PIPE, text=True)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(arguments)} failed")
    return said, usage.ru_utime + usage.ru_stime, round(usage.ru_maxrss * 1024 / 1e6)  # Linux counts in KiB


def spread(values: list[float]) -> dict[str, float]:
    """Minimum, median and maximum."""
    return {name: round(of(values), 3) for name, of in (("min", min), ("median", median), ("max", max))}
