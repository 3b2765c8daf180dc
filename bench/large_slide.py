"""A slide as large as a glass, written from the tiles of two cells, because to draw as much would take hours."""

from collections.abc import Iterator
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile

from lowpower import draws
from lowpower.slides import phantom
from lowpower.slides.pyramid import TILE
from lowpower.slides.reduce import area_mean

CELL = 16 * TILE  # at level 0: one tile of the coarsest level
BLOCK = 3  # cells: pieces of tissue are 3 x 3 cells, 6 x 6 mm, with glass of 2 cells between them


def write_large(path: Path, width: int, height: int, block: int = BLOCK) -> None:
    """Write a slide of width x height px, in levels of 1, 1/4 and 1/16, from the tiles of two cells.

    block: cells of a piece of tissue, along a side.
    """
    piece = phantom.draw_piece(
        draws.generator(0, "bench"), "sheet_atypical", np.ones(2, np.float32), phantom.Dials(piece_px=512)
    )
    tissue = np.tile(piece, (CELL // len(piece), CELL // len(piece), 1))
    glass = np.full((CELL, CELL, 3), phantom.GROUND, np.uint8)
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
    """The tiles of a square image as JPEG, in rows."""
    for top in range(0, len(image), TILE):
        for left in range(0, len(image), TILE):
            tile = np.ascontiguousarray(image[top : top + TILE, left : left + TILE])
            yield imagecodecs.jpeg8_encode(tile, 90, subsampling="420")


def laid_out(cells: list[list[bytes]], down: int, across: int, block: int) -> Iterator[bytes]:
    """The tiles of a level, in rows: cells of glass and of tissue, ``block`` of tissue and two of glass in turns."""
    per_cell = round(len(cells[0]) ** 0.5)
    for row in range(down):
        for column in range(across):
            tissue = all(0 < place // per_cell % (block + 2) <= block for place in (row, column))
            yield cells[tissue][row % per_cell * per_cell + column % per_cell]
