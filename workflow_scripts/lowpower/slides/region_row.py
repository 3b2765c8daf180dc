"""A row of a slide's table of regions, ``regions/{slide}.csv``."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RegionRow:
    """One region that was cut, with its source."""

    region: str  # id: the slide's file name and a number
    member: str  # name in the ZIP
    x: float  # pixels of level 0, from its upper left corner
    y: float
    width: float  # pixels of level 0
    height: float
    px_width: int  # pixels of the teacher's image
    px_height: int
    tissue: float  # share of the box, 0 to 1
    area_mm2: float  # of tissue
    annotation: str  # class of its annotation; blank for none
    reader: str
    level: int  # stored level that was read
    level_downsample: float
    resampling: str
    mpp: float  # µm per pixel of the teacher's image
