"""State that each step writes for each slide, a JSON file.

A bad slide is a row, not a crash: every step writes all its files for every slide, and the state gives the reason if
they are empty. A doubt about a slide is a warning: it excludes nothing, and each step's state holds the warnings of
that step alone.
"""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from lowpower.errors import InputError
from lowpower.files import read_json, write_json
from lowpower.log import say
from lowpower.typed_values import as_type


@dataclass(frozen=True)
class SlideState:
    """State of a slide after a step: excluded if there is a reason. Subclasses hold the findings of their step."""

    slide: str
    step: str  # the step that excluded it, else the last
    reason: str = ""
    warnings: tuple[str, ...] = ()  # of the step, each with the numbers found and a remedy

    @property
    def is_usable(self) -> bool:
        return not self.reason

    @property
    def state(self) -> str:
        return "usable" if self.is_usable else "excluded"

    @classmethod
    def own_step(cls) -> str:
        """The step that writes states of this class."""
        return str(next(field.default for field in fields(cls) if field.name == "step"))

    def as_dict(self) -> dict[str, Any]:
        """Convert the state to plain values, for JSON."""
        return {"slide": self.slide, "step": self.step, "state": self.state} | asdict(self)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read the state that a step wrote."""
        try:
            return as_type(cls, {key: value for key, value in read_json(path).items() if key != "state"})
        except (InputError, TypeError, ValueError) as error:
            raise InputError(
                f"{path} is not a state that {cls.own_step()} wrote ({error}); delete it and run snakemake again"
            ) from None

    def write(self, path: str | Path) -> None:
        """Write the state as JSON."""
        write_json(path, self.as_dict())

    def after(self, earlier: "SlideState") -> Self:
        """Combine with the state of an earlier step: a slide that was excluded there keeps that step and reason."""
        return self if earlier.is_usable else replace(self, step=earlier.step, reason=earlier.reason)

    def announce(self, finding: str) -> None:
        """Log the step's finding (``finding``, filled in with the state's fields), or that it excluded the slide.

        Each warning of the step has a line of its own. A slide that an earlier step excluded has no lines.
        """
        for warning in self.warnings:
            say(f"WARNING: {self.slide}: {warning}")
        if self.is_usable:
            say(f"{self.slide}: {finding.format_map(vars(self))}")
        elif self.step == self.own_step():
            say(f"{self.slide} is excluded ({self.step}): {self.reason}")


@dataclass(frozen=True)
class Level:
    """Stored level of a slide, in pixels."""

    width: int
    height: int
    downsample: float


@dataclass(frozen=True)
class CheckedSlide(SlideState):
    """State after check_slide; None for values that an unusable file did not give."""

    step: str = "check_slide"
    content: str | None = None  # hash that identifies one image under two ids
    vendor: str | None = None
    width: int | None = None
    height: int | None = None
    levels: tuple[Level, ...] | None = None
    mpp: float | None = None
    mpp_source: str | None = None  # slide or sheet
    objective_power: float | None = None


@dataclass(frozen=True)
class MaskedSlide(SlideState):
    """State after mask_tissue; None for an excluded slide."""

    step: str = "mask_tissue"
    mask_mpp: float | None = None  # µm per pixel of the mask
    reduction: float | None = None  # pixels of level 0 per pixel of the mask
    tissue_mm2: float | None = None


@dataclass(frozen=True)
class TiledSlide(SlideState):
    """State after tile_slide."""

    step: str = "tile_slide"
    regions: int = 0
    area_mm2: float = 0.0
