"""Load a package and check it before any slide is opened."""

import json
from dataclasses import dataclass
from pathlib import Path

from lowpower.config.package import ABOUT, FORMAT_VERSION, TEACHER, WEIGHTS, Choices, Package
from lowpower.config.validation import checked
from lowpower.errors import InputError
from lowpower.hashes import hash_of
from lowpower.model_header import model_header
from lowpower.typed_values import as_type

SCHEMA = Path(__file__).resolve().parents[3] / "schemas/package.schema.yaml"
_PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin")
_COPY = "copy the whole folder again"


@dataclass(frozen=True)
class PackageFolder:
    """A package that was checked. sha256: of its model.json, which has the hash of its weights."""

    folder: Path
    about: Package
    sha256: str
    teacher: "PackageFolder | None" = None

    @property
    def weights(self) -> Path:
        """Path of its model file."""
        return self.folder / WEIGHTS

    def choices(self, per: str, pixels: str) -> Choices | None:
        """Values chosen on validation data for this kind of unit and of pixels; None if there were no such units."""
        return next((own for own in self.about.choices if (own.per, own.pixels) == (per, pixels)), None)


def load_package(folder: str | Path) -> PackageFolder:
    """Load a package and, if it is there, its teacher's. Raises InputError that says what is wrong, and the remedy."""
    folder = Path(folder).expanduser()
    _check_folder(folder)
    about = _read_about(folder / ABOUT)
    _check_weights(folder / WEIGHTS, about)
    sha256 = hash_of(folder / ABOUT)
    if about.teacher is None or not (folder / TEACHER).is_dir():
        return PackageFolder(folder, about, sha256)
    teacher = load_package(folder / TEACHER)
    if teacher.sha256 != about.teacher.sha256:
        raise InputError(
            f"{teacher.folder} holds {teacher.about.name} of cohort {teacher.about.cohort}, which is not the teacher "
            f"that {folder / ABOUT} names ({about.teacher.name}), or it was edited; {_COPY}"
        )
    return PackageFolder(folder, about, sha256, teacher)


def _check_folder(folder: Path) -> None:
    """Raise InputError for what is no package at all."""
    how = "`snakemake package` writes packages, into results/COHORT/packages/"
    if folder.is_file():
        if folder.suffix.lower() in _PICKLES:
            raise InputError(
                f"{folder} is a file of PyTorch, which may run any program when it is opened, so lowpower never opens "
                f"one; name the folder of a package: {how}"
            )
        if folder.suffix.lower() == ".safetensors":
            raise InputError(_how_to_package(folder))
        raise InputError(f"{folder} is a file; name the folder of a package: {how}")
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}; name the folder of a package: {how}")
    if not (folder / ABOUT).is_file():
        what = f"{WEIGHTS}, but " if (folder / WEIGHTS).is_file() else ""
        raise InputError(f"{folder} is not a package: it holds {what}no {ABOUT}; {how}")


def _how_to_package(path: Path) -> str:
    """Message about a model file: the command that packages it."""
    header = model_header(path)  # raises InputError for another file
    parts = [header.method, header.magnification and f"{header.magnification:g}x", f"seed{header.seed}"]
    known = None not in (header.method, header.magnification, header.seed)
    asked = "/".join(map(str, parts if header.method != "teacher" else [parts[0], parts[2]])) if known else "METHOD"
    return (
        f"{path} is a model file, not a package, which also holds the settings of its study and what validation chose; "
        f"package it in its study: snakemake package --config package={asked} (and the same --configfile)"
    )


def _read_about(path: Path) -> Package:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # also of UTF-8
        raise InputError(f"{path} is cut short or damaged ({error}); {_COPY}") from None
    version = raw.get("format_version") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise InputError(
            f"{path} has format_version {version}, and this lowpower reads up to {FORMAT_VERSION}; update lowpower, or "
            "make the package with this version"
        )
    return as_type(Package, checked(raw, SCHEMA, str(path)))


def _check_weights(path: Path, about: Package) -> None:
    if not path.is_file():
        raise InputError(f"{path.parent} is cut short: it has no {path.name}; {_COPY}")
    if hash_of(path) != about.sha256:
        raise InputError(
            f"{path} is not the file that {ABOUT} beside it describes (another SHA-256): it is cut short, or of "
            f"another package; {_COPY}"
        )
    header = model_header(path)
    for key in ("classes", "mean", "std", "magnification"):
        if getattr(header, key) != getattr(about, key):
            raise InputError(
                f"{path.parent / ABOUT} was edited: its `{key}` is {getattr(about, key)}, the model's "
                f"{getattr(header, key)}; {_COPY}"
            )
