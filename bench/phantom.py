"""What each scale shows of the drawn phenotype, for each dial; docs/method.md explains the table.

.venv/bin/python bench/phantom.py [--quick]

Slides are drawn twice with equal draws: atypical nuclei in the foci (contrast 1), and regular ones there (contrast 0).
``largest`` and ``rms``: difference of their means over windows of ``um`` µm, in gray levels of 255, per channel (red,
green, blue); the windows begin at every pixel. ``rms`` is over the whole slide. ``stored``: the largest of any channel
after JPEG, as slides are stored. ``noise`` is the SD that the noise leaves in such a mean. ``nucleus``: total light
that an atypical nucleus absorbs, in percent more or less than the regular one, and the largest share of it within one
box of 8 µm. ``accuracy``: logistic regression on color and local statistics of pixels of ``um`` µm, after JPEG, on
``pieces`` held-out pieces and trained on as many others; ``chance``: 95 % of such accuracies without a cue. JSON lines.
"""

import argparse
import itertools
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import tifffile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lowpower import rng
from lowpower.slides import phantom
from lowpower.slides.downsampling import area_mean
from lowpower.slides.phantom_equalized import window_means
from lowpower.slides.phantom_nucleus import HEMATOXYLIN, MPP, draw_shape, nucleus
from lowpower.slides.pyramid import write_slide

SCALES = (1, 2, 4, 8, 16)  # µm
DIALS = tuple(itertools.product(("pleomorphic", "matched"), (0, 2, 4, 8)))
CLASSIFIED = (("pleomorphic", 0), ("matched", 0), ("matched", 2), ("matched", 4), ("matched", 8))
SETTINGS = phantom.PhantomSettings(pieces=12, piece_px=128, focus=(0.3, 0.3))


def main() -> None:
    """Print a line for each dial and scale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer pieces, nuclei and dials")
    quick = parser.parse_args().quick
    for sizes in ("pleomorphic", "matched"):
        print(json.dumps({"nucleus": sizes} | nuclei(sizes, 50 if quick else 1000)), flush=True)
    for sizes, um in CLASSIFIED[::4] if quick else DIALS:
        settings = replace(SETTINGS, sizes=sizes, equalized_um=um, pieces=2 if quick else SETTINGS.pieces)
        for line in differences(settings):
            print(json.dumps({"sizes": sizes, "equalized_um": um} | line), flush=True)
    for sizes, um in CLASSIFIED[::4] if quick else CLASSIFIED:
        for line in classify(replace(SETTINGS, sizes=sizes, equalized_um=um), 100 if quick else 240):
            print(json.dumps({"sizes": sizes, "equalized_um": um} | line), flush=True)


def nuclei(sizes: str, count: int) -> dict:
    """Light absorbed by atypical nuclei against that by regular ones of the same draws, before stain and blur."""
    draw = np.random.default_rng(0)
    totals, shares = np.zeros((2, 3)), np.zeros(2)
    for _ in range(count):
        shape = draw_shape(draw)
        shape = replace(shape, size=1) if sizes == "matched" else shape
        for contrast in (0, 1):
            light = 1 - np.exp(-nucleus(shape, contrast, 0)[..., None] * HEMATOXYLIN)
            totals[contrast] += light.sum((0, 1))
            boxes = window_means(light, round(8 / MPP)) * round(8 / MPP) ** 2
            shares[contrast] += boxes.max((0, 1))[1] / light.sum((0, 1))[1] / count
    more = (100 * (totals[1] / totals[0] - 1)).round(1).tolist()
    return {
        "light_percent": more,
        "box_percent": dict(zip(("regular", "atypical"), (100 * shares).round(), strict=True)),
    }


def differences(settings: phantom.PhantomSettings) -> list[dict]:
    """Differences between slides with atypical and with regular nuclei, at each scale."""
    drawn = [
        [phantom.draw_slide("bench", f"{architecture}_atypical", replace(settings, contrast=c)) for c in (1, 0)]
        for architecture in ("palisade", "sheet")
    ]
    with tempfile.TemporaryDirectory() as folder:
        pairs = [(images, [stored(image, Path(folder)) for image in images]) for images in drawn]
    lines = []
    for um in SCALES:
        width = round(um / MPP)
        plain, coded = (
            np.stack([window_means(one.astype(np.float32) - other, width) for one, other in ways])
            for ways in zip(*pairs, strict=True)
        )
        rms = np.sqrt(np.square(plain, dtype=float).mean((0, 1, 2)))
        line = {"um": um, "largest": rounded(np.abs(plain).max((0, 1, 2))), "rms": rounded(rms)}
        lines.append(line | {"stored": round(float(np.abs(coded).max()), 2), "noise": round(2.5 / width, 3)})
    return lines


def rounded(values: np.ndarray) -> list[float]:
    """Round to three digits, as a list."""
    return [round(float(value), 3) for value in values]


def stored(image: np.ndarray, folder: Path) -> np.ndarray:
    """Return the pixels of an image's finest level after it was written as a slide."""
    write_slide(folder / "slide.tiff", image, MPP)
    return tifffile.imread(folder / "slide.tiff", key=0)


def classify(settings: phantom.PhantomSettings, count: int) -> list[dict]:
    """Accuracy in percent for phenotypes, ``count`` pieces of each, half of them held out; chance with 95 %."""
    with tempfile.TemporaryDirectory() as folder:
        drawn = [
            (phenotype, stored(draw(f"sheet_{phenotype}", k, settings), Path(folder)))
            for k in range(count)
            for phenotype in ("regular", "atypical")
        ]
    phenotypes, lines = [phenotype for phenotype, _ in drawn], []
    half = 196 * np.sqrt(0.25 / count)
    for um in SCALES[:4]:
        rows = np.array([features(image, um) for _, image in drawn])
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)).fit(rows[:count], phenotypes[:count])
        accuracy = round(100 * model.score(rows[count:], phenotypes[count:]), 1)
        chance = [round(50 - half, 1), round(50 + half, 1)]
        lines.append({"um": um, "pieces": count, "accuracy": accuracy, "chance": chance})
    return lines


def draw(label: str, k: int, settings: phantom.PhantomSettings) -> np.ndarray:
    """Draw a piece; pieces of two phenotypes share no draws, and all have the same stain."""
    return phantom.draw_piece(rng.generator(0, "bench", label, k), label, np.ones(2, np.float32), settings)


def features(piece: np.ndarray, um: int) -> np.ndarray:
    """Statistics of a piece in pixels of um µm: color, spread, quantiles, correlations, local differences."""
    image = area_mean(area_mean(piece, round(1 / MPP)), um).astype(float)  # a student's pixels, from the teacher's
    tissue = image.min(2) < 225
    across = np.abs(np.diff(image, axis=1))[tissue[:, 1:] & tissue[:, :-1]]
    local = np.concatenate([across, np.abs(np.diff(image, axis=0))[tissue[1:] & tissue[:-1]]])
    colors = image[tissue]
    spread = [np.corrcoef(colors.T)[np.triu_indices(3, 1)], np.percentile(colors, [5, 25, 50, 75, 95], 0).ravel()]
    return np.concatenate([colors.mean(0), colors.std(0), local.mean(0), local.std(0), *spread])


if __name__ == "__main__":
    main()
