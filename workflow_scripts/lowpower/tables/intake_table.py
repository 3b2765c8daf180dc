"""Intake: the state of each slide of the sheet."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lowpower.errors import InputError
from lowpower.files import CsvRow, write_rows
from lowpower.log import say
from lowpower.slide_state import CheckedSlide, MaskedSlide, TiledSlide
from lowpower.text import count_of, join_lines
from lowpower.typed_values import as_cells, columns_of


@dataclass(frozen=True, kw_only=True)
class IntakeRow:
    """State of one slide: a row of intake.csv. None for values that an unusable file did not give."""

    slide: str
    patient: str = ""
    state: str  # usable or excluded
    step: str = ""  # the step that excluded it, else the last
    reason: str = ""  # of the exclusion
    vendor: str | None = None
    width: int | None = None  # pixels of level 0
    height: int | None = None
    levels: int | None = None
    mpp: float | None = None  # µm per pixel of level 0
    mpp_source: str | None = None  # slide or sheet
    tissue_mm2: float = 0.0
    regions: int = 0
    warning: str = ""  # the warnings of all steps, in the order of the steps, separated by semicolons
    content: str | None = None  # hash that identifies its image, from check_slide; not for people

    @property
    def is_usable(self) -> bool:
        return self.state == "usable"


COLUMNS = [name for name in columns_of(IntakeRow) if name != "content"]


def gather_slides(
    checks: Sequence[str | Path],
    masks: Sequence[str | Path],
    tiles: Sequence[str | Path],
    slides: Sequence[str],
    patients: Sequence[str],
    on_excluded: str,
    min_usable: int,
    csv: str | Path,
) -> None:
    """Write one row per slide, sorted by slide, with the ``content`` that identifies its image (from check_slide).

    checks, masks, tiles: state files of the three steps, parallel to slides and patients. If several ids have the same
    image, the first id, sorted, is kept and the others are excluded here.
    Raises InputError when two patients have the same image, ``on_excluded`` is "fail" and a slide is excluded, or
    fewer than ``min_usable`` are usable.
    """
    rows = [
        _row(slide, patient, CheckedSlide.read(check), MaskedSlide.read(mask), TiledSlide.read(tile))
        for slide, patient, check, mask, tile in sorted(zip(slides, patients, checks, masks, tiles, strict=True))
    ]
    rows = _exclude_copies(rows)
    _stop_if_too_few(rows, on_excluded, min_usable)
    write_rows(csv, columns_of(IntakeRow), map(as_cells, rows))
    say(summary_of(rows))


def _row(slide: str, patient: str, check: CheckedSlide, mask: MaskedSlide, tile: TiledSlide) -> IntakeRow:
    """Row of one slide: its state is that of the first step that excluded it, else that of the last step."""
    states = (check, mask, tile)
    decisive = next((state for state in states if not state.is_usable), tile)
    return IntakeRow(
        slide=slide,
        patient=patient,
        **{key: getattr(decisive, key) for key in ("state", "step", "reason")},
        **{key: getattr(check, key) for key in ("vendor", "width", "height", "mpp", "mpp_source")},
        levels=len(check.levels or ()) or None,
        tissue_mm2=tile.area_mm2,
        regions=tile.regions,
        warning="; ".join(warning for state in states for warning in state.warnings),
        content=check.content,
    )


def _exclude_copies(rows: Sequence[IntakeRow]) -> list[IntakeRow]:
    """Exclude each usable slide with the image of an earlier one; InputError if their patients differ (a leak)."""
    first: dict[str | None, IntakeRow] = {}  # by content, which is known for every slide that could be opened
    checked = []
    for row in rows:
        kept = first.setdefault(row.content, row) if row.is_usable else row
        if kept.patient != row.patient:
            raise InputError(
                f"slides {kept.slide!r} of patient {kept.patient!r} and {row.slide!r} of patient "
                f"{row.patient!r} are the same image; tissue of one patient under two ids is a leak. "
                "Correct the sheet's path or patient, or write a reason into `exclude` of one of them"
            )
        if kept is not row:
            reason = f"it is the same image as slide {kept.slide!r}; remove one of the two from the sheet"
            row = replace(row, state="excluded", step="gather_slides", reason=reason, regions=0, tissue_mm2=0.0)
        checked.append(row)
    return checked


def excluded_slides(rows: Sequence[IntakeRow]) -> list[CsvRow]:
    """The excluded slides of the intake table, for people."""
    return [{"slide": row.slide, "step": row.step, "reason": row.reason} for row in rows if not row.is_usable]


def doubtful_slides(rows: Sequence[IntakeRow]) -> list[CsvRow]:
    """The slides of the intake table with a warning, for people."""
    return [{"slide": row.slide, "state": row.state, "warning": row.warning} for row in rows if row.warning]


def summary_of(rows: Sequence[IntakeRow]) -> str:
    """One sentence on the intake table."""
    excluded, doubtful = len(excluded_slides(rows)), len(doubtful_slides(rows))
    slides = f"{count_of(len(rows), 'slide')}: {len(rows) - excluded:,} usable, {excluded:,} excluded"
    slides += f", {doubtful:,} with a warning" if doubtful else ""
    return f"{slides}; {count_of(sum(row.regions for row in rows), 'region')}."


def _stop_if_too_few(rows: Sequence[IntakeRow], on_excluded: str, min_usable: int) -> None:
    excluded = excluded_slides(rows)
    usable = len(rows) - len(excluded)
    reasons = join_lines([f"  {row['slide']} ({row['step']}): {row['reason']}" for row in excluded], 5)
    if on_excluded == "fail" and excluded:
        raise InputError(
            f"{count_of(len(excluded), 'slide')} of {len(rows)} cannot be used, and the config says "
            f"`on_excluded: fail`:\n{reasons}\nCorrect or remove them in the sheet, or write `on_excluded: continue`."
        )
    if usable < min_usable:
        raise InputError(
            f"{usable} of {len(rows)} slides can be used, and the config asks for `min_usable_slides: {min_usable}`:\n"
            f"{reasons}\nCorrect the slides, or write a smaller number."
        )
