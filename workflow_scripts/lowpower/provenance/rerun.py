"""A rule's script run once more with its outputs elsewhere: ``python -m lowpower.provenance.rerun < job.json``.

So what a table is made from, by which function and with which settings, is written in one place: its rule.
"""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

_SCRIPTS = Path(__file__).parents[2]


class Named(list):
    """Values by place and by name, as a script finds them in ``snakemake.input``."""

    def __init__(self, values: list, names: dict) -> None:
        super().__init__(values)
        self.__dict__.update(names)

    def get(self, name: str, default: object = None) -> object:
        """The value of a name, or ``default``."""
        return self.__dict__.get(name, default)

    def items(self) -> list[tuple[str, object]]:
        """The names with their values."""
        return list(self.__dict__.items())

    def __getitem__(self, place: int | str) -> object:
        return self.__dict__[place] if isinstance(place, str) else super().__getitem__(place)


def make_again(job: dict, moved: dict[str, str], log: str | Path) -> str:
    """Run a job's script in a process of its own; returns "", or its last words where it failed.

    job: rule, script, and input, output and params as {"values": [...], "names": {...}}. moved: file -> where it goes
    instead, or, of an input, is.
    """
    files = {part: _elsewhere(job[part], moved) for part in ("input", "output")}
    told = json.dumps(job | files | {"log": {"values": [str(log)], "names": {}}})
    environment = os.environ | {"PYTHONPATH": str(_SCRIPTS)}
    command = [sys.executable, "-m", "lowpower.provenance.rerun"]
    run = subprocess.run(command, input=told, capture_output=True, text=True, env=environment)
    if run.returncode == 0:
        return ""
    said = Path(log).read_text(encoding="utf-8") if Path(log).is_file() else run.stderr
    return said.strip().rpartition("\n")[2] or f"it ended with {run.returncode}"


def _elsewhere(files: dict, moved: dict[str, str]) -> dict:
    """Files by place and by name, those that were moved where they are; a name stands for one file or for a list."""

    def place(path: str) -> str:
        return moved.get(path, path)

    names = {k: place(v) if isinstance(v, str) else [place(path) for path in v] for k, v in files["names"].items()}
    return {"values": [place(path) for path in files["values"]], "names": names}


if __name__ == "__main__":
    job = json.load(sys.stdin)
    parts = {part: Named(**job[part]) for part in ("input", "output", "params", "log")}
    runpy.run_path(str(_SCRIPTS / job["script"]), {"snakemake": SimpleNamespace(**parts)})
