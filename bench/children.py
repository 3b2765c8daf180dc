"""What the benchmarks share: measuring in a process of its own, and the spread of rounds."""

import os
import subprocess
import sys
from statistics import median


def run_child(script: str, *arguments: str) -> tuple[str, float, int]:
    """What a script, or ``-m`` with a module, prints; its seconds of the processor; the peak of its memory in MB."""
    child = subprocess.Popen([sys.executable, script, *arguments], stdout=subprocess.PIPE, text=True)
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{' '.join(arguments)} failed")
    return said, usage.ru_utime + usage.ru_stime, round(usage.ru_maxrss * 1024 / 1e6)  # Linux counts in KiB


def spread(values: list[float]) -> dict[str, float]:
    """Least, middle and largest."""
    return {name: round(of(values), 3) for name, of in (("min", min), ("median", median), ("max", max))}
