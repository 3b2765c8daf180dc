"""Tiny slide files for tests, and their way from a file to regions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

from lowpower import files, rng
from lowpower.slides.downsampling import area_mean
from lowpower.slides.region_plan import GridSettings, TilingSettings
from lowpower.slides.slide_check import check_slide
from lowpower.slides.tiling import tile_slide
from lowpower.slides.tissue import TissueSettings, mask_tissue

GLASS = (243, 242, 244)
GRID = {"size_um": 128, "stride_um": 0, "min_tissue": 0.5}


def draw_tissue(height: int, width: int, pieces: Sequence[tuple[int, int, int, int]]) -> np.ndarray:
    """A bright slide (height, width, 3) with noisy pink ellipses; pieces: (y, x, height, width) of each in pixels."""
    noise = rng.generator(0, "test tissue", height, width)
    image = (np.array(GLASS) + noise.normal(0, 1, (height, width, 1))).astype(np.uint8)
    y, x = np.mgrid[:height, :width] + 0.5
    for top, left, tall, wide in pieces:
        inside = ((y - top - tall / 2) / (tall / 2)) ** 2 + ((x - left - wide / 2) / (wide / 2)) ** 2 <= 1
        pink = np.array((200, 110, 170)) + noise.normal(0, 25, (height, width, 1))
        image[inside] = pink.clip(0, 255).astype(np.uint8)[inside]
    return image


def write_slide(
    path: Path,
    image: np.ndarray,
    mpp: float | None = 0.5,
    reductions: Sequence[int] = (4,),
    compression: str | int = "zlib",
) -> Path:
    """Write an image (H, W, 3) as a tiled pyramid that OpenSlide opens as Aperio; each level is an area mean.

    mpp: None leaves it out. reductions: of the further levels; a side that is no multiple is rounded up, so that a
    level's downsample can be 3.996. compression: zlib (exact), jpeg, or 33005 (Aperio's JPEG 2000).
    """
    height, width = image.shape[:2]
    head = f"Aperio Image Library v12.0.15\r\n{width}x{height} [0,0 {width}x{height}] (256x256) JPEG/RGB Q=95"
    kind = {"tile": (256, 256), "photometric": "rgb", "compression": compression, "metadata": None, "software": False}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path) as out:
        out.write(image, description=head if mpp is None else f"{head}|AppMag = 20|MPP = {mpp}", **kind)
        # the second directory of an Aperio file is its thumbnail, in strips
        plain = kind | {"tile": None, "compression": "zlib"}
        out.write(image[::8, ::8].copy(), rowsperstrip=16, description=head, **plain)
        for n in reductions:
            whole = np.pad(image, ((0, -height % n), (0, -width % n), (0, 0)), mode="edge")
            out.write(area_mean(whole, n), description=head, **kind)
    return path


def cut_slide(
    folder: Path,
    path: Path,
    *,
    slide: str = "s",
    mpp: float | None = None,
    exclude: str = "",
    own_mask: str = "",
    magnification: float = 10,
    multiple: int = 64,
    unit: str = "tissue",
    grid: dict | None = None,
    min_area_um2: float = 1000,
    max_side_um: float = 0,
    annotation: str | Path = "",
) -> tuple[dict, dict, dict]:
    """Take a slide through its three steps, into ``folder``; returns their states."""
    state = {step: folder / f"{step}.json" for step in ("check", "mask", "tile")}
    mask = folder / "mask.png"
    check_slide(slide, path=str(path), mpp=mpp, exclude=exclude, state=state["check"])
    sizes = TissueSettings(min_area_um2=min_area_um2, close_um=16)
    mask_tissue(
        state["check"], path=str(path), own_mask=own_mask, mask_mpp=8, settings=sizes, mask=mask, state=state["mask"]
    )
    tile_slide(
        check=state["check"],
        mask=mask,
        mask_state=state["mask"],
        path=str(path),
        annotation=str(annotation),
        settings=TilingSettings(
            magnification=magnification,
            multiple=multiple,
            unit=unit,
            grid=GridSettings(**grid or GRID),
            max_side_um=max_side_um,
            min_area_um2=min_area_um2,
            jpeg_quality=95,
        ),
        regions=folder / "regions.csv",
        outlines=folder / "regions.geojson",
        images=folder / "regions.zip",
        state=state["tile"],
        overview=folder / "overview.jpg",
    )
    return tuple(files.read_json(path) for path in state.values())


PIECES = [(300, 80, 260, 300), (40, 700, 500, 360), (700, 200, 300, 420)]  # y, x, height, width at 0.5 µm


def patch(path, page, **tags):
    with tifffile.TiffFile(path, mode="r+b") as file:
        for name, value in tags.items():
            file.pages[page].tags[name].overwrite(value)
    return path
