"""Scale and objective from the XML of an OME-TIFF (https://www.openmicroscopy.org/Schemas/OME/2016-06)."""

import math
from xml.etree import ElementTree

UM = {"m": 1e6, "cm": 1e4, "mm": 1e3, "µm": 1, "nm": 1e-3, "Å": 1e-4, "in": 25400}  # per unit; "pixel" is not a length


def read_ome(xml: str | None, size: tuple[int, int]) -> tuple[tuple[float, float] | None, float | None]:
    """Read µm per pixel along x and y, and the objective's power, of the image of this size; None if missing.

    xml: the file's ImageDescription. size: (width, height) of the slide.
    """
    try:
        root = ElementTree.fromstring((xml or "").strip())
    except ElementTree.ParseError:
        return None, None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]  # drop the namespace, which contains the schema's year
    for image in root.iter("Image") if root.tag == "OME" else ():
        pixels = image.find("Pixels")
        if pixels is not None and (pixels.get("SizeX"), pixels.get("SizeY")) == tuple(map(str, size)):
            x, y = _side(pixels, "X"), _side(pixels, "Y")
            return (x, y) if x and y else None, _power(root, image)
    return None, None


def _side(pixels: ElementTree.Element, axis: str) -> float | None:
    unit = pixels.get(f"PhysicalSize{axis}Unit", "µm").replace("μ", "µ")  # Greek mu for the micro sign
    side = number(pixels.get(f"PhysicalSize{axis}"))
    return side * UM[unit] if side and unit in UM else None


def _power(root: ElementTree.Element, image: ElementTree.Element) -> float | None:
    settings = image.find("ObjectiveSettings")
    used = None if settings is None else settings.get("ID")
    powers = [lens.get("NominalMagnification") for lens in root.iter("Objective") if lens.get("ID") == used]
    return number(powers[0]) if powers else None


def number(text: str | None) -> float | None:
    """Convert text to a finite number, or None."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
