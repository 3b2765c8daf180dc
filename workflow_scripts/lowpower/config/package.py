"""A package: a model that travels, with all that reading a new slide needs. Every key of its model.json."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from lowpower.config.settings import ABSENT, REQUIRED, Settings, setting
from lowpower.config.slide_settings import Grid, Tissue

FORMAT_VERSION = 1  # of model.json; raised when an older lowpower would read a package wrongly
ABOUT, WEIGHTS, CARD = "model.json", "model.safetensors", "README.md"  # the files of a package
TEACHER = "teacher"  # the folder, within a student's package, of its teacher's package
TERMS = (
    "For research use only; not a medical device. The weights follow the terms of the slides they were trained on: "
    "name their source when you publish results."
)

Pixels = Literal["averaged", "level"]


@dataclass(frozen=True, kw_only=True)
class Referral(Settings):
    """A threshold below which a unit is referred to the teacher."""

    asked: str = setting(
        REQUIRED,
        "Percent of units to refer, as in tables/referral.csv; or chosen: the smallest share with which student and "
        "teacher together are as accurate on validation data as the teacher alone.",
    )
    threshold: float | None = setting(
        ABSENT,
        "A unit is referred if the student's probability of its predicted class, not calibrated, is lower. Without "
        "this key every unit is referred.",
        minimum=0,
    )
    share: float = setting(REQUIRED, "Share of the validation units that it refers.", minimum=0, maximum=1)


@dataclass(frozen=True, kw_only=True)
class Choices(Settings):
    """Values chosen on validation data for one kind of unit and of pixels."""

    per: Literal["patient", "slide", "region"] = setting(REQUIRED, "Kind of unit.")
    pixels: Pixels = setting(REQUIRED, "Kind of pixels.")
    units: int = setting(REQUIRED, "Number of validation units.", minimum=0)
    aggregation: Literal["", "mean", "max", "top_k", "attention"] = setting(
        REQUIRED,
        "How probabilities of regions become those of the unit. mean: weighted by tissue area; max: the highest of "
        "each class; top_k: the mean of the top_k highest of each class; max and top_k are renormalized; attention: "
        "weighted by the network's own scores. Blank for regions.",
    )
    temperature: float | None = setting(
        ABSENT, "Logarithms of probabilities are divided by it for calibrated ones.", exclusiveMinimum=0
    )
    threshold: float | None = setting(
        ABSENT, "A unit is positive if its probability of the positive class, not calibrated, reaches it."
    )
    referral: list[Referral] = setting(REQUIRED, "Thresholds of referral; empty without a teacher.")


@dataclass(frozen=True, kw_only=True)
class TeacherPackage(Settings):
    """The teacher that a student may refer to: the package in the folder teacher."""

    name: str = setting(REQUIRED, "Name of the teacher's package.")
    sha256: str = setting(REQUIRED, "SHA-256 of the teacher's model.json.", pattern="^[0-9a-f]{64}$")


@dataclass(frozen=True, kw_only=True)
class Counted(Settings):
    """Numbers of one class in one split of the study."""

    split: str = setting(REQUIRED, "train, val, test or external.")
    label: str = setting(REQUIRED, "The class, or unlabeled.")
    patients: int = setting(REQUIRED, "Number of patients with a region.", minimum=0)
    slides: int = setting(REQUIRED, "Number of slides with a region.", minimum=0)
    regions: int = setting(REQUIRED, "Number of regions.", minimum=0)
    area_mm2: float = setting(REQUIRED, "Area of their tissue.", minimum=0)


@dataclass(frozen=True, kw_only=True)
class Package(Settings):
    """All of model.json. Without any path, time, host, user, slide or patient."""

    format_version: int = setting(REQUIRED, "Version of this format.", minimum=1)
    name: str = setting(REQUIRED, "Name of the model: its method, magnification, shares and seed.")
    cohort: str = setting(REQUIRED, "Cohort of the study.")
    method: str = setting(REQUIRED, "Row of the study.")
    magnification: float = setting(REQUIRED, "Magnification that the model reads.", exclusiveMinimum=0)
    mpp: float = setting(REQUIRED, "The same in µm per pixel.", exclusiveMinimum=0)
    labeled: int = setting(REQUIRED, "Percent of the labeled training patients it learned from.")
    unlabeled: int = setting(REQUIRED, "Percent of the unlabeled training patients it learned from.")
    seed: int = setting(REQUIRED, "Seed of the study.")
    classes: list[str] = setting(REQUIRED, "The classes, in the order of the outputs.", minItems=2, uniqueItems=True)
    positive_class: str = setting(REQUIRED, "Class that the thresholds of positive units are for; blank for none.")
    network: str = setting(REQUIRED, "Architecture.")
    mean: list[float] = setting(
        REQUIRED, "Mean of red, green and blue, in 0-1, subtracted from pixels.", minItems=3, maxItems=3
    )
    std: list[float] = setting(
        REQUIRED,
        "Standard deviation of red, green and blue, in 0-1, by which pixels are divided.",
        minItems=3,
        maxItems=3,
        items={"exclusiveMinimum": 0},
    )
    sha256: str = setting(REQUIRED, "SHA-256 of model.safetensors.", pattern="^[0-9a-f]{64}$")
    fingerprint: str | None = setting(ABSENT, "Hash of config, data and code of its training.")
    teacher: TeacherPackage | None = setting(ABSENT, "The teacher it may refer to.")
    teacher_magnification: float = setting(
        REQUIRED, "Magnification at which regions are planned; averaged pixels are means of its.", exclusiveMinimum=0
    )
    region_multiple: int = setting(
        REQUIRED, "Pixels at teacher_magnification; sides of regions are rounded up to multiples of it.", minimum=1
    )
    unit: Literal["tissue", "grid", "annotation", "slide"] = setting(REQUIRED, "What one region is.")
    max_side_um: float = setting(REQUIRED, "Longest side of a region in µm; 0: no limit.", minimum=0)
    tissue: Tissue = setting(REQUIRED, "Tissue detection.")
    grid: Grid = setting(REQUIRED, "Fields of view of unit grid.")
    jpeg_quality: int = setting(
        REQUIRED, "Quality of the JPEG through which averaged pixels pass, as in training.", minimum=1, maximum=100
    )
    pixels: list[Pixels] = setting(
        REQUIRED,
        "Ways to read pixels that the study tested. averaged: means of pixels at teacher_magnification; level: the "
        "nearest finer stored level of the slide.",
        minItems=1,
        uniqueItems=True,
    )
    megapixels_per_pass: float = setting(REQUIRED, "Largest pass through the network.", exclusiveMinimum=0)
    top_k: int = setting(REQUIRED, "Number of regions per class that aggregation top_k averages.", minimum=1)
    choices: list[Choices] = setting(REQUIRED, "Values chosen on validation data.")
    counts: list[Counted] = setting(REQUIRED, "Patients, slides and regions of the study, for this seed.")
    note: str = setting(REQUIRED, "Note of the study.")
    terms: str = setting(REQUIRED, "Terms of use.")
    versions: dict[str, str] = setting(REQUIRED, "Versions of lowpower and torch that trained it.")

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for model.json, without keys that have no value."""
        return _without_none(asdict(self))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(part) for key, part in value.items() if part is not None}
    return [_without_none(part) for part in value] if isinstance(value, list | tuple) else value
