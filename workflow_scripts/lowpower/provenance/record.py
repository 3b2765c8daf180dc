"""Record of a study: config, code, environment and machine, and a hash of every file that its numbers depend on."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lowpower import __version__
from lowpower.files import read_json, read_rows, write_json
from lowpower.hashes import hash_of
from lowpower.log import say
from lowpower.model_header import model_header
from lowpower.provenance.environment import GitState, Lock, Machine, git_state, machine, packages
from lowpower.provenance.leaks import check_published
from lowpower.text import count_of


@dataclass(frozen=True)
class RecordedSlides:
    """Slides of a study, without any id."""

    sheet: str  # hash of the sheet
    usable: int
    content: str  # one hash of the content of all usable slides


@dataclass(frozen=True)
class Record:
    """Content of provenance.json."""

    lowpower: str  # version
    git: GitState
    code: dict[str, str]  # script -> hash of its code
    lock: Lock | None
    installed: dict[str, str | None]  # package -> version
    models_made_with: dict[str, list[str]]  # package -> versions
    machine: Machine
    config: dict[str, Any]  # the complete configuration
    slides: RecordedSlides
    files: dict[str, str]  # path below the results -> hash

    def as_dict(self) -> dict[str, Any]:
        """Convert the record to plain values, for JSON; git has the keys that apply."""
        git = {key: value for key, value in asdict(self.git).items() if key == "commit" or value is not None}
        return asdict(self) | {"git": git}


def record_provenance(
    config: str | Path,
    intake: str | Path,
    models: Sequence[str | Path],
    files: Sequence[str | Path],
    sheet: str,
    code: Mapping[str, str],
    lock: Lock | None,
    provenance: str | Path,
    names: str | Path | None = None,
) -> None:
    """Write provenance.json, without time, host or user. Inputs that are only a text of the config appear as that text.

    config: the complete configuration. intake: output of ``gather_slides``. models, files: files to hash, all below
    the folder of ``provenance``. sheet: hash of the sheet. code: hash of each script's code. names: pseudonyms.csv, or
    None where ids may be shown.
    Raises InputError if a published file holds an id in spite of pseudonyms.
    """
    folder = Path(provenance).parent
    check_published(files, folder, names)
    slides = [row for row in read_rows(intake) if row["state"] == "usable"]
    versions = [model_header(path).versions for path in models]
    hashed = {Path(path).relative_to(folder).as_posix(): path for path in (config, intake, *models, *files)}
    record = Record(
        lowpower=__version__,
        git=git_state(),
        code=dict(code),
        lock=lock,
        installed=packages(),
        models_made_with={key: sorted({made_with[key] for made_with in versions}) for key in ("lowpower", "torch")},
        machine=machine(),
        config=read_json(config),
        slides=RecordedSlides(sheet, len(slides), _together(row["content"] for row in slides)),
        files={name: hash_of(hashed[name]) for name in sorted(hashed)},
    )
    write_json(provenance, record.as_dict())
    say(f"provenance: {count_of(len(hashed), 'file')} of {count_of(len(slides), 'slide')} hashed")


def _together(hashes: Iterable[str]) -> str:
    """One hash of the slides' content hashes (from check_slide), independent of the order of the sheet."""
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()
