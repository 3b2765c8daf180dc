"""A claim, and the models of a study that it compares."""

from dataclasses import dataclass
from typing import Any, Literal

from lowpower.config.settings import ABSENT, REQUIRED, Settings, setting

WrittenClaim = dict[str, Any]  # a claim as it is in its file, without defaults; the register keeps these


@dataclass(frozen=True, kw_only=True)
class ClaimedRow(Settings):
    """Models of one row of the study, on one side of a claim."""

    method: str | list[str] | None = setting(
        ABSENT,
        "A row of the study, or a list; the first that the study has is used.",
        oneOf=[
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        ],
    )
    magnification: float | None = setting(
        ABSENT, "Magnification of its images; 2.5 is 2.5x (4.0 µm/px).", exclusiveMinimum=0
    )
    fewer_pixels: float | None = setting(
        ABSENT,
        "Instead of magnification, how many times fewer pixels than the teacher: 4, 16, 64, 256. Without either, "
        "the lowest magnification at which the study has the row.",
        minimum=1,
    )
    labeled: int | None = setting(
        ABSENT, "Percent of the labeled training patients; by default the row's largest.", minimum=1, maximum=100
    )
    unlabeled: int | None = setting(
        ABSENT, "Percent of the unlabeled training patients; by default the row's largest.", minimum=0, maximum=100
    )
    pixels: Literal["averaged", "level"] | None = setting(
        ABSENT, "Pixels that it is tested on: averaged (the default), or level for the slide's own level."
    )


@dataclass(frozen=True, kw_only=True)
class Claim(Settings):
    """One claim of a claims file, with its defaults."""

    id: str = setting(
        REQUIRED,
        "A short name, once in the file.",
        pattern="^[A-Za-z0-9][A-Za-z0-9._-]*$",
        form="letters (A to Z, a to z), digits, ., - and _, a letter or digit first",
    )
    claim: str = setting(REQUIRED, "The claim in a sentence.", minLength=1)
    source: str = setting("own", "Source of the claim.")
    figure: str = setting("", "What the source found. It is shown beside accuracy_released and nowhere else.")
    cohorts: list[str] = setting(
        [], "Cohorts that the claim is about, by the config's key cohort; in others it is not tested. Empty means any."
    )
    test: Literal["superiority", "noninferiority", "equivalence", "trend", "none"] = setting(
        REQUIRED,
        "superiority (the row is better than the one it is compared with), noninferiority (worse by less than margin), "
        "equivalence (neither better nor worse by margin), trend (the metric rises with shares), none (listed, but "
        "not tested).",
    )
    metric: Literal["accuracy", "macro_f1", "precision", "recall", "auroc"] = setting(
        "accuracy", "Metric that is compared; accuracy is the share of correct answers."
    )
    per: Literal["patient", "slide", "region"] = setting("patient", "Unit that is counted.")
    margin: float | None = setting(
        ABSENT,
        "For noninferiority and equivalence, as a share of 1: 0.015 is one and a half points.",
        exclusiveMinimum=0,
        exclusiveMaximum=0.5,
    )
    shares: list[int] | None = setting(
        ABSENT,
        "For trend: percentages of the unlabeled training patients, three or more.",
        items={"minimum": 0, "maximum": 100},
        minItems=3,
        uniqueItems=True,
    )
    row: ClaimedRow = setting(ClaimedRow(), "The row that the claim is about.")
    against: ClaimedRow = setting(ClaimedRow(), "The row of comparison; missing keys are those of row.")


@dataclass(frozen=True)
class Arm:
    """One side of a resolved claim: its name for people, the pixels it is tested on, its model's folder per seed."""

    name: str
    pixels: str
    folders: list[str]


@dataclass(frozen=True, kw_only=True)
class ResolvedClaim(Claim):
    """A claim with its arms in a study. why: the reason why the study cannot test it, or ""; it then has no arms."""

    arms: list[Arm]
    why: str
