"""A gallery: the same tissue as teacher and student see it, with the places where their last maps answer."""

import json
import zipfile
from pathlib import Path

from matplotlib.figure import Figure

from lowpower import magnification
from lowpower.files import decode
from lowpower.tables import style


def draw_examples(examples: str | Path, scales: dict[str, str], svg: str | Path, png: str | Path) -> None:
    """One row per example: pixels and last map of each model.

    examples: what ``show_examples`` wrote. scales: the magnification, such as 2.5x, that each model reads.
    """
    with zipfile.ZipFile(examples) as archive:
        rows = json.loads(archive.read("examples.json"))
        figure = Figure(figsize=(2.2 * 2 * len(scales), 2.4 * max(1, len(rows)) + 0.3), layout="constrained")
        panels = figure.subplots(max(1, len(rows)), 2 * len(scales), squeeze=False)
        for row, line in zip(rows, panels, strict=False):
            for k, key in enumerate(scales):
                pixels, strength = line[2 * k : 2 * k + 2]
                pixels.imshow(decode(archive.read(f"{key}/{row['region']}.png")), interpolation="nearest")
                strength.imshow(
                    decode(archive.read(f"{key}/{row['region']}.map.png"))[..., 0], cmap="cividis", vmin=0, vmax=255
                )
                mark = "✓" if row[key] == row["truth"] else "✗"
                pixels.set_title(f"{mark} {row[key]}", fontsize=7, color="black" if mark == "✓" else style.COLORS[0])
            line[0].set_ylabel(row["truth"], fontsize=7)
    for axes in panels.flat:
        axes.set(xticks=[], yticks=[])
        axes.grid(False)
        axes.spines[:].set_visible(False)
    for k, (key, scale) in enumerate(scales.items()):
        panels[-1][2 * k].set_xlabel(f"{key}, {magnification.describe(magnification.parse(scale))}", fontsize=8)
        panels[-1][2 * k + 1].set_xlabel("its last map", fontsize=8)
    style.save(figure, svg, png)
