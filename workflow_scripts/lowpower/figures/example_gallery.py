"""A gallery: the same tissue as teacher and student see it, with their feature maps."""

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from lowpower import magnification
from lowpower.figures import style
from lowpower.files import decode

_SIDE = 1.55  # inches of a panel


def draw_examples(examples: str | Path, scales: Mapping[str, str], svg: str | Path, png: str | Path) -> None:
    """Draw the random regions, one of each class.

    examples: output of ``show_examples``. scales: the magnification, such as 2.5x, that each model reads.
    """
    _draw("drawn", "There is no region whose true class is known.", examples, scales, svg, png)


def draw_disagreements(examples: str | Path, scales: Mapping[str, str], svg: str | Path, png: str | Path) -> None:
    """Draw, in the same way, regions that the teacher classifies correctly and the student wrongly."""
    nothing = "There is no region that the teacher classifies correctly and the student wrongly."
    _draw("disagreements", nothing, examples, scales, svg, png)


def _draw(
    which: str, nothing: str, examples: str | Path, scales: Mapping[str, str], svg: str | Path, png: str | Path
) -> None:
    """Draw a row per region: pixels and feature map of each model, at one size; without regions, write ``nothing``."""
    with zipfile.ZipFile(examples) as archive:
        rows = json.loads(archive.read("examples.json"))[which]
        if not rows:
            style.save(style.in_words(nothing), svg, png)
            return
        names = [f"{key}/{row['region']}{end}" for row in rows for key in scales for end in ("", ".map")]
        images = {name: decode(archive.read(f"{name}.png")) for name in names}
    shapes = [images[f"{next(iter(scales))}/{row['region']}"].shape for row in rows]
    heights = [_SIDE * min(max(height / width, 0.4), 1.5) for height, width, _ in shapes]
    size = (2 * _SIDE * len(scales) + 0.4, sum(heights) + 0.2 * len(rows) + 0.2)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(rows), 2 * len(scales), squeeze=False, height_ratios=heights)
    for row, line in zip(rows, panels, strict=True):
        for k, key in enumerate(scales):
            pixels, strength = images[f"{key}/{row['region']}"], images[f"{key}/{row['region']}.map"]
            line[2 * k].imshow(pixels, interpolation="nearest")
            line[2 * k + 1].imshow(strength[..., 0], cmap="cividis", vmin=0, vmax=255)
            right = row[key] == row["truth"]
            call = f"{'✓' if right else '✗'} {style.shorten(row[key], 20)} {row[f'{key}_probability']:.2f}"
            line[2 * k].set_title(call, fontsize=7, color="black" if right else style.WRONG)
        width = pixels.shape[1] * magnification.mpp_of(magnification.parse(scales[key]))
        line[0].set_ylabel(f"truth: {style.shorten(row['truth'], 20)}\n{width:,.0f} µm wide", fontsize=7)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set_visible(False)
    for k, (key, scale) in enumerate(scales.items()):
        names = (f"{key}, {magnification.describe(magnification.parse(scale))}", "its feature map")
        for axes, name in zip(panels[0][2 * k : 2 * k + 2], names, strict=True):
            axes.annotate(name, (0.5, 1), (0, 16), "axes fraction", "offset points", ha="center", fontsize=8)
    style.save(figure, svg, png)
