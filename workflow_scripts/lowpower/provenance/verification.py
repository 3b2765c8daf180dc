"""Check of a study: recompute its tables and compare them byte for byte; compare its files with their hashes."""

import tempfile
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from lowpower.errors import InputError
from lowpower.files import read_json
from lowpower.hashes import hash_of
from lowpower.log import say
from lowpower.provenance.environment import machine, packages
from lowpower.provenance.record import Record
from lowpower.provenance.rerun import TableJob, files_in, rerun
from lowpower.text import abbreviate, count_of
from lowpower.typed_values import as_type

_SHOWN = 30  # bytes before and after the first difference


def verify(jobs: Sequence[TableJob], code: Mapping[str, str], provenance: str | Path) -> None:
    """Report for each table whether its inputs give its bytes again, and for each hashed file whether it is unchanged.

    jobs: of the rules that write tables and the units that these evaluate. code: hash of each script's code.
    provenance: the record, which may be missing; all other files are in its folder.
    Raises InputError if a table or a file differs, or a table is missing.
    """
    folder = Path(provenance).parent
    verdicts: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as elsewhere:
        made: dict[str, str] = {}
        for job in in_order(jobs):
            verdicts |= compare_again(job, folder, Path(elsewhere), made)
    for name, verdict in verdicts.items():
        say(f"{name}: {verdict}")
    record = as_type(Record, read_json(provenance)) if Path(provenance).is_file() else None
    changed, absent = compare_hashes(record.files, folder) if record else ([], [])
    if record:
        whole = len(record.files) - len(changed) - len(absent)
        say(f"{Path(provenance).name}: {whole} of {count_of(len(record.files), 'file')} as recorded")
        if absent:
            say(f"not here, so not compared: {abbreviate(absent)}")
    else:
        say(f"there is no {provenance}, so no file was compared with its hash")
    bad = [name for name, verdict in verdicts.items() if verdict.startswith(("differs", "missing", "cannot"))]
    if not bad and not changed:
        return
    for line in unlike_here(record, code) if record else []:
        say(line)
    wrong = [f"{count_of(len(bad), 'table')} not reproduced ({abbreviate(bad)})"] if bad else []
    wrong += [f"{count_of(len(changed), 'file')} not as recorded ({abbreviate(changed)})"] if changed else []
    raise InputError(
        f"{folder}: {'; '.join(wrong)}. Fetch them again, or delete them and run `snakemake` (with the same "
        "--configfile), which makes them again"
    )


def in_order(jobs: Sequence[TableJob]) -> list[TableJob]:
    """Sort the jobs so that each follows those whose outputs it reads."""
    waiting, ordered = list(jobs), []
    while waiting:
        to_come = {path for job in waiting for path in files_in(job.output)}
        ready = [job for job in waiting if not to_come & {*files_in(job.input)}]
        ordered += ready
        waiting = [job for job in waiting if job not in ready]
    return ordered


def compare_again(job: TableJob, folder: Path, elsewhere: Path, made: dict[str, str]) -> dict[str, str]:
    """Recompute the tables of a job; return a verdict for each: same, differs, missing, or why it was not computed.

    made: file of ``folder`` -> its recomputed copy below ``elsewhere``. The job reads copies made by earlier jobs, and
    its own are added. So tables are computed from predictions, not from earlier results. Other files than tables are
    not compared: another version of a library may write the same content in other bytes.
    """
    names = {path: Path(path).relative_to(folder).as_posix() for path in files_in(job.output)}
    lacking = [path for path in files_in(job.input) if not Path(made.get(path, path)).exists()]
    if lacking:
        names_lacking = abbreviate([Path(path).relative_to(folder).as_posix() for path in lacking], 2)
        why = f"not computed again, {names_lacking} not here"
        return dict.fromkeys(names.values(), why)
    copies = elsewhere / job.rule
    moved = {path: f"{copies}/{k}-{Path(path).name}" for k, path in enumerate(names)}
    failed = rerun(job, made | moved, copies)
    if failed:
        return dict.fromkeys(names.values(), f"cannot be computed again ({failed})")
    made |= moved
    return {name: compare(Path(path), Path(moved[path])) for path, name in names.items() if name.startswith("tables/")}


def compare(path: Path, again: Path) -> str:
    """Compare the bytes of two files; report that they are the same, or the first line that differs."""
    if not path.is_file():
        return "missing"
    old, new = path.read_bytes(), again.read_bytes()
    if old == new:
        return "same"
    pairs = enumerate(zip_longest(old.split(b"\n"), new.split(b"\n"), fillvalue=b""), 1)
    line, (old, new) = next((k, pair) for k, pair in pairs if pair[0] != pair[1])
    first = next(k for k in range(len(old) + len(new) + 1) if old[: k + 1] != new[: k + 1])
    return f"differs in line {line}: it has {_around(first, old)}, its inputs give {_around(first, new)}"


def _around(position: int, line: bytes) -> str:
    """Excerpt of a line around a position, for a message."""
    start, end = max(0, position - _SHOWN), position + _SHOWN
    text = line[start:end].decode("utf-8", "replace")
    return repr(f"{'…' if start else ''}{text}{'…' if end < len(line) else ''}")


def compare_hashes(files: Mapping[str, str], folder: Path) -> tuple[list[str], list[str]]:
    """List the files whose content differs from the record, and those that are missing. files: name -> hash."""
    present = {name: (folder / name).is_file() for name in files}
    changed = [name for name, recorded in files.items() if present[name] and hash_of(folder / name) != recorded]
    return changed, [name for name in files if not present[name]]


def unlike_here(record: Record, code: Mapping[str, str]) -> list[str]:
    """List the changes since the record was written that may explain different bytes."""
    parts = {
        "installed": (record.installed, packages()),
        "machine": (vars(record.machine), vars(machine())),
        "code": (record.code, code),
    }
    lines = []
    for part, (recorded, present) in parts.items():
        for key, value in present.items():
            before = recorded.get(key)
            if before != value:
                change = "another" if part == "code" else f"{before} when recorded, {value} here"
                lines.append(f"{part}, {key}: {change}")
    return lines
