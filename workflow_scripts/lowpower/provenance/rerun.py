"""Rerun of a rule's script from a shell, with its outputs in another folder.

So the inputs, function and settings of a table are written in one place: its rule.
"""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lowpower.files import write_json

_SCRIPTS = Path(__file__).parents[2]


@dataclass(frozen=True)
class TableJob:
    """Job of a rule without wildcards, in plain values."""

    rule: str
    script: str  # file name
    input: dict[str, str | list[str]]  # path, or paths, by name
    output: dict[str, str | list[str]]
    params: dict[str, Any]


def files_in(named: Mapping[str, str | list[str]]) -> list[str]:
    """List all files of a rule's inputs or outputs. named: a path, or a list of paths, by name."""
    return [path for value in named.values() for path in ([value] if isinstance(value, str) else value)]


def rerun(job: TableJob, moved: Mapping[str, str], folder: Path) -> str:
    """Run a job's script in a process of its own; return "", or the last line of its output if it failed.

    moved: file -> the path to use in its place. folder: for the file of arguments.
    """
    files = {
        name: moved.get(value, value) if isinstance(value, str) else [moved.get(path, path) for path in value]
        for name, value in (job.input | job.output).items()
    }
    arguments = folder / "arguments.json"
    write_json(arguments, job.params | files)
    command = [sys.executable, str(_SCRIPTS / job.script), "--arguments", str(arguments)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == 0:
        return ""
    return run.stderr.strip().rpartition("\n")[2] or f"it ended with exit status {run.returncode}"
