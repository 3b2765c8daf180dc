"""A slide with tissue over a whole glass, written from the tiles of two cells, because drawing it would take hours.

.venv/bin/python bench/large_slide.py data/large

writes two slides (30 x 30 mm, 0.5 GB each), a sheet and a config; `snakemake intake` and `plan` then estimate the time
and disk of such slides (docs/scale.md).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from lowpower import rng
from lowpower.slides import phantom
from lowpower.slides.downsampling import area_mean
from lowpower.slides.pyramid import TILE

CELL = 16 * TILE  # at level 0: one tile of the coarsest level
CONFIG = """\
cohort: large
slides: {folder}/slides.csv
classes: [a, b]
split: {{by: random}}
teacher_magnification: 10
student_magnifications: [5, 2.5]
training: {{steps: 2000, batch: 8, evaluate_every: 100}}
methods:
  scratch:
  sskd:
  sskd_finetuned:
seeds: [0, 1, 2]
report_split: test
plan: {{slides: [200, 2000, 10000]}}
"""
BLOCK = 3  # cells: pieces of tissue are 3 x 3 cells, 6 x 6 mm, with glass of 2 cells between them


def main() -> None:
    """Write the slides, their sheet and their config into a folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(2):
        write_large(folder / f"large{seed}.tiff", 60_000, 60_000, seed=seed)
    rows = [f"L{seed},large{seed}.tiff,P{seed},{label}" for seed, label in enumerate(("a", "b"))]
    (folder / "slides.csv").write_text("\n".join(["slide,path,patient,label", *rows, ""]))
    (folder / "large.yaml").write_text(CONFIG.format(folder=folder))


def write_large(path: Path, width: int, height: int, block: int = BLOCK, seed: int = 0) -> None:
    """Write a slide of width x height px, in levels of 1, 1/4 and 1/16, from the tiles of two cells.

    block: cells of a piece of tissue, along a side. seed: of the tissue's appearance.
    """
    piece = phantom.draw_piece(
        rng.generator(seed, "bench"), "sheet_atypical", np.ones(2, np.float32), phantom.PhantomSettings(piece_px=512)
    )
    tissue = np.tile(piece, (CELL // len(piece), CELL // len(piece), 1))
    glass = np.full((CELL, CELL, 3), phantom.BACKGROUND, np.uint8)
    head = f"Aperio Image Library v12.0.15\r\n{width}x{height} [0,0 {width}x{height}] ({TILE}x{TILE}) JPEG/RGB Q=90"
    with tifffile.TiffWriter(path, bigtiff=True) as out:
        for reduction in (1, 4, 16):
            cells = [list(encoded_tiles(area_mean(cell, reduction))) for cell in (glass, tissue)]
            down, across = height // reduction, width // reduction
            out.write(
                laid_out(cells, -(-down // TILE), -(-across // TILE), block),
                shape=(down, across, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="rgb",
                compression="jpeg",
                description=head + (f"|MPP = {phantom.MPP}" if reduction == 1 else ""),
                metadata=None,
            )


def encoded_tiles(image: np.ndarray) -> Iterator[bytes]:
    """Tiles of a square image as JPEG, in rows."""
    for top in range(0, len(image), TILE):
        for left in range(0, len(image), TILE):
            tile = np.ascontiguousarray(image[top : top + TILE, left : left + TILE])
            yield imagecodecs.jpeg8_encode(tile, 90, subsampling="420")


def laid_out(cells: list[list[bytes]], down: int, across: int, block: int) -> Iterator[bytes]:
    """Tiles of a level, in rows: ``block`` cells of tissue alternate with two cells of glass."""
    per_cell = round(len(cells[0]) ** 0.5)
    for row in range(down):
        for column in range(across):
            tissue = all(0 < place // per_cell % (block + 2) <= block for place in (row, column))
            yield cells[tissue][row % per_cell * per_cell + column % per_cell]


if __name__ == "__main__":
    main()
