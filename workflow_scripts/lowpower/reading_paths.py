"""Files of readings, below their folder, which both the rooms reading and pages name."""

from lowpower.files import safe_name

TABLE, REGIONS, PAGE = "readings.csv", "regions.parquet", "readings.html"


def overlay_of(slide: str) -> str:
    """Tissue and evidence of a slide, with legends."""
    return f"pictures/{safe_name(slide)}.png"


def preview_of(slide: str) -> str:
    """The same, small and without words, for the page."""
    return f"pictures/{safe_name(slide)}.jpg"


def geojson_of(slide: str) -> str:
    """Regions and evidence of a slide for QuPath."""
    return f"qupath/{safe_name(slide)}.geojson"


def ome_of(slide: str) -> str:
    """Evidence of a slide as an image for QuPath."""
    return f"qupath/{safe_name(slide)}.ome.tif"
