"""Style of all figures: colors that color-blind readers can distinguish, and the same bytes in each run."""

from collections.abc import Iterable
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from lowpower import magnification
from lowpower.files import replacing

# Okabe and Ito (2008), with gray instead of their yellow, which is invisible on white paper; black is the teacher's.
# The last three, which are darker, are Tol's (2021): so all standard rows of a study have different colors
COLORS = (
    *("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A8A8A"),
    *("#332288", "#882255", "#999933"),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
TEACHER = "#000000"
DASHED = {"linewidth": 0.8, "linestyle": (0, (4, 3))}  # the teacher's line, behind those of students
WRONG = COLORS[0]
SHARES = "Blues"  # white to blue: also clear in gray print
FRAME = "#CCCCCC"
NOTHING = "There are no predictions of regions or patients whose true class is known."

matplotlib.rcParams.update(
    {
        "font.family": "DejaVu Sans",  # part of matplotlib, so it looks the same everywhere
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "grid.color": "#E5E5E5",
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "legend.frameon": False,
        "lines.linewidth": 1.4,
        "text.parse_math": False,  # a class may be called $x$
        "svg.hashsalt": "lowpower",  # ids in the SVG are otherwise random
    }
)


def of_methods(methods: list[str]) -> dict[str, tuple[str, str]]:
    """Color and marker of each method, by its place in the list; the teacher's are fixed."""
    students = [method for method in dict.fromkeys(methods) if method != "teacher"]
    looks = {m: (COLORS[k % len(COLORS)], MARKERS[k % len(MARKERS)]) for k, m in enumerate(students)}
    return looks | {"teacher": (TEACHER, "*")}


def of_scales(scales: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Color and marker of each magnification of students, such as 2.5x, finest first.

    Finer magnifications are darker, in gray print too.
    """
    names = sorted(set(scales), key=magnification.parse, reverse=True)
    shades = matplotlib.colormaps["viridis"](np.linspace(0.1, 0.85, max(len(names), 2)))
    return {name: (to_hex(shades[k]), MARKERS[k % len(MARKERS)]) for k, name in enumerate(names)}


def shorten(text: str, most: int) -> str:
    """Shorten a text to ``most`` characters in its middle, because names differ at their ends."""
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"


def in_words(text: str) -> Figure:
    """Make a figure that holds only this text, in place of one that cannot be drawn."""
    figure = Figure(figsize=(5.5, 0.6))
    figure.text(0.5, 0.5, text, ha="center", va="center")
    return figure


def save(figure: Figure, svg: str | Path, png: str | Path) -> None:
    """Write a figure as SVG and as PNG at 200 dpi, without a date."""
    for path, kind, metadata in ((svg, "svg", {"Date": None}), (png, "png", {"Software": None})):
        with replacing(path) as part:
            figure.savefig(part, format=kind, dpi=200, metadata=metadata)
