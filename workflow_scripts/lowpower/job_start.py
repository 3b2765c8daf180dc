"""Run one step of the workflow: as the script of a rule, or from a shell."""

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lowpower.log import open_log, say, show_error
from lowpower.step_arguments import arguments_of, read_command_line

LONGEST = 300.0  # seconds: SLURM's own authentication refuses a node whose clock is further off


def run_step(step: Callable[..., None], snakemake: Any = None) -> None:
    """Call a step with the named inputs, outputs and params of its rule or, without Snakemake, from a shell.

    step: one function of the library, whose parameters have the names of the rule (see ``step_arguments``).
    snakemake: the object that Snakemake adds to a script.
    """
    if snakemake is None:
        sys.excepthook = show_error
        step(**read_command_line(step))
        return
    open_log(snakemake.log[0])
    if "SLURM_JOB_ID" in os.environ:
        wait_for_clock(snakemake.input)
    sections = [snakemake.input.items(), snakemake.output.items(), snakemake.params.items()]
    step(**arguments_of(step, dict(item for section in sections for item in section)))


def wait_for_clock(inputs: Iterable[str | Path]) -> None:
    """Wait until this machine's clock has passed the newest of the job's inputs.

    On file systems that use the writer's time, a node whose clock is slow would date its outputs before its inputs, and
    Snakemake would fail the job. One machine has one clock, so only nodes of a cluster need this.
    """
    newest_time, newest = max(((_modification_time(path), str(path)) for path in inputs), default=(0.0, ""))
    delay = newest_time - time.time()
    if delay > LONGEST:
        say(f"WARNING: {newest} is {delay:,.0f} s newer than this machine's clock. Set the clock, or `touch` the file")
    elif delay > 0:
        say(f"waiting {delay:.1f} s: {newest} is newer than this machine's clock")
        time.sleep(delay)


def _modification_time(path: str | Path) -> float:
    """Modification time of a file, in seconds since 1970; 0 for a missing file, which the step reports."""
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
