"""The steps of the workflow on FOLDER/slide.tiff, by the library's own functions."""

from pathlib import Path

from lowpower.slides import phantom
from lowpower.slides.downsampling import downsample_slide
from lowpower.slides.level_regions import read_level
from lowpower.slides.pyramid import TILE
from lowpower.slides.region_plan import GridSettings, TilingSettings
from lowpower.slides.slide_check import check_slide
from lowpower.slides.tiling import tile_slide
from lowpower.slides.tissue import TissueSettings, mask_tissue

QUALITY = 95
LONGEST = 0  # µm; pieces of tissue stay whole, so that the largest region is measured, not the default limit
REDUCTIONS = (2, 4, 8)


def take_step(name: str, folder: Path, magnification: float, unit: str) -> None:
    """Run one step on the slide in a folder, by the library's own functions."""
    slide, check, mask = str(folder / "slide.tiff"), folder / "check.json", folder / "mask.json"
    grid = GridSettings(size_um=TILE * phantom.MPP, stride_um=0, min_tissue=0)
    settings = TilingSettings(
        magnification, 32 * REDUCTIONS[-1], unit, grid, LONGEST, TissueSettings().min_area_um2, QUALITY
    )
    low = REDUCTIONS[1]
    if name == "check_slide":
        check_slide("bench", slide, None, "", check)
    elif name == "mask_tissue":
        mask_tissue(check, slide, "", 8, TissueSettings(), folder / "mask.png", mask)
    elif name == "tile_slide":
        tile_slide(
            check=check,
            mask=folder / "mask.png",
            mask_state=mask,
            path=slide,
            annotation="",
            settings=settings,
            regions=folder / f"{unit}.csv",
            outlines=folder / f"{unit}.geojson",
            images=folder / f"{unit}.zip",
            state=folder / "tile.json",
            overview=folder / "overview.jpg",
        )
    elif name == "downsample_slide":
        downsample_slide(folder / "tissue.zip", low, folder / "low.zip")
    else:
        inputs = (check, folder / "mask.png", mask, folder / "tissue.csv", slide, "", settings, low)
        read_level(*inputs, folder / "level.zip", folder / "level.json")
