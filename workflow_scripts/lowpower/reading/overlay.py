"""Picture of where: the tissue of a slide beside the evidence for one class, with scale bar and legend."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from lowpower.files import replacing
from lowpower.reading.colors import color_evidence, evidence_colors
from lowpower.reading.evidence import RegionEvidence, evidence_of, paint
from lowpower.slides.overview import TissuePicture

LONGEST = 560  # pixels of each of the two pictures
PREVIEW, QUALITY = 240, 80  # of the small JPEG of both: about 15 kB
OPACITY = 0.7  # of the evidence; tissue shows through in gray
PALE = 0.6  # share of white blended over tissue outside the regions
MOST = 0.99  # the scale ends where this share of the positions has less evidence
MARGIN, GAP, LEGEND, NARROWEST = 16, 12, 94, 250  # pixels; the narrowest place of a picture fits its part of the legend
FONT_SIZE, BAR = 15, 10
INK, LINE = (28, 33, 39), (217, 222, 228)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The class whose evidence is shown: its number among ``count`` classes, and its name."""

    number: int
    count: int
    name: str


@dataclass(frozen=True)
class Panels:
    """Tissue and evidence (None without a map), of one size, and where the scale of the evidence ends."""

    tissue: Image.Image
    evidence: Image.Image | None
    scale: float


def draw_panels(tissue: TissuePicture, regions: Sequence[RegionEvidence], shown: Shown) -> Panels:
    """Draw the evidence of the class over the tissue in gray; tissue outside the regions keeps its colors, paled."""
    maps = [region.logits for region in regions if region.logits is not None]
    if not maps:
        return Panels(tissue.picture, None, 0.0)
    scale = scale_of(np.concatenate([evidence_of(logits)[shown.number].ravel() for logits in maps]))
    values = paint(regions, shown.count, tissue.frame, tissue.picture.size)[shown.number]
    gray = tissue.picture.convert("L").convert("RGB")
    colored = Image.blend(gray, Image.fromarray(color_evidence(values, scale)), OPACITY)
    drawn = Image.blend(tissue.picture, Image.new("RGB", tissue.picture.size, "white"), PALE)
    drawn.paste(colored, mask=Image.fromarray(~np.isnan(values)))
    return Panels(tissue.picture, drawn, scale)


def scale_of(evidence: np.ndarray) -> float:
    """End of the scale for this evidence (n,): a digit times a power of ten, at least 0.1."""
    end = max(0.1, float(np.quantile(np.abs(evidence), MOST)))
    return min(step for step in _steps(end, range(1, 10)) if step >= end)


def write_overlay(path: str | Path, panels: Panels, shown: Shown, um_per_pixel: float) -> None:
    """Write tissue and evidence side by side with their legends: PNG, equal bytes for equal pictures.

    um_per_pixel: of the picture, not of the slide.
    """
    width, height = panels.tissue.size
    place = max(width, NARROWEST)
    canvas = Image.new("RGB", (2 * (MARGIN + place) + GAP, MARGIN + height + LEGEND), "white")
    pen = ImageDraw.Draw(canvas)
    second, bottom = MARGIN + place + GAP, MARGIN + height
    for x, picture in ((MARGIN, panels.tissue), (second, panels.evidence)):
        if picture is not None:
            canvas.paste(picture, (x, MARGIN))
        pen.rectangle((x - 1, MARGIN - 1, x + width, bottom), outline=LINE)
    _draw_scale_bar(pen, MARGIN, bottom + MARGIN, width, um_per_pixel)
    if panels.evidence is None:
        _write(pen, second, bottom + MARGIN, "no map: regions seen only as a whole", place)
    else:
        _draw_legend(canvas, second, bottom + MARGIN, place, panels.scale, shown.name)
    with replacing(path) as part:
        canvas.save(part, "PNG")


def write_preview(path: str | Path, panels: Panels) -> None:
    """Write both pictures side by side without words, small: JPEG, for the page."""
    pictures = [picture.copy() for picture in (panels.tissue, panels.evidence) if picture is not None]
    for picture in pictures:
        picture.thumbnail((PREVIEW, PREVIEW), Image.Resampling.BOX)
    width, height = pictures[0].size
    canvas = Image.new("RGB", (len(pictures) * (width + 4) - 4, height), "white")
    for k, picture in enumerate(pictures):
        canvas.paste(picture, (k * (width + 4), 0))
    with replacing(path) as part:
        canvas.save(part, "JPEG", quality=QUALITY, optimize=True)


def bar_length(um: float) -> float:
    """Length in µm of the scale bar of a picture ``um`` wide: 1, 2 or 5 times a power of ten, at most a third of it."""
    return max(step for step in _steps(um / 3, (1, 2, 5)) if step <= um / 3)


def _draw_scale_bar(pen: ImageDraw.ImageDraw, x: int, y: int, width: int, um_per_pixel: float) -> None:
    um = bar_length(width * um_per_pixel)
    pen.rectangle((x, y, x + round(um / um_per_pixel) - 1, y + 3), fill=INK)
    pen.text((x, y + BAR), f"{um / 1000:g} mm" if um >= 1000 else f"{um:g} µm", INK, _font())


def _draw_legend(canvas: Image.Image, x: int, y: int, width: int, scale: float, name: str) -> None:
    """Draw the scale of colors with its numbers, and the name of the class."""
    length = min(width, 2 * NARROWEST)
    canvas.paste(Image.fromarray(evidence_colors()[None]).resize((length, BAR)), (x, y))
    pen = ImageDraw.Draw(canvas)
    for share, anchor, text in ((0, "la", f"−{scale:g}"), (0.5, "ma", "0"), (1, "ra", f"+{scale:g}")):
        pen.text((x + share * (length - 1), y + BAR + 4), text, INK, _font(), anchor)
    _write(pen, x, y + BAR + 24, f"evidence for {name}", width)
    _write(pen, x, y + BAR + 44, "logit − mean of the classes", width)


def _write(pen: ImageDraw.ImageDraw, x: int, y: int, text: str, width: int) -> None:
    """Write a line; cut it short where it is longer than ``width`` pixels."""
    if pen.textlength(text, _font()) > width:
        while text and pen.textlength(f"{text}…", _font()) > width:
            text = text[:-1]
        text = f"{text}…"
    pen.text((x, y), text, INK, _font())


@cache
def _font() -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which is part of matplotlib: the same letters everywhere, µ and accents among them.

    matplotlib is looked for, not imported, which takes longer than all else that is drawn here.
    """
    matplotlib = find_spec("matplotlib")
    assert matplotlib is not None and matplotlib.origin is not None  # part of the lock
    return ImageFont.truetype(Path(matplotlib.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf", FONT_SIZE)


def _steps(value: float, digits: Iterable[int]) -> list[float]:
    """These digits times the powers of ten around a value."""
    power = math.floor(math.log10(value))
    return [float(f"{digit}e{exponent}") for exponent in (power - 1, power, power + 1) for digit in digits]
