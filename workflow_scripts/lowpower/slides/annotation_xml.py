"""XML annotations of ASAP and of Aperio's ImageScope.

An ASAP file lists annotations; each has a type and a group, which is its class. An ImageScope file has layers; the name
(or attribute Description) of a layer is the class of its regions. A negative region is a hole in the regions around it.
"""

from collections.abc import Callable, Iterable
from typing import Any
from xml.etree import ElementTree

import numpy as np

from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.geojson import EXPORT, FILE, Drawn, as_ring

AREAS_OF_ASAP = ("Polygon", "Rectangle", "Spline")
ELLIPSE = 2  # region type of ImageScope; 0 is freehand, 1 a rectangle
LINES = {3: "arrow", 4: "ruler", 5: "counter"}
OTHER_FORMATS = {
    "V": "is HALO's; convert it with pyhaloxml to GeoJSON",
    "ndpviewstate": "is Hamamatsu's (.ndpa), in nanometers from the slide's center; read it into QuPath by a script",
}


class _TreeWithoutDoctype(ElementTree.TreeBuilder):
    """Builder of an XML tree that rejects a document type, which could define entities that expand without limit."""

    def doctype(self, *_: object) -> None:
        raise ValueError("annotations have no document type")


def list_elements(content: bytes) -> tuple[list, Callable[[Any], Drawn]]:
    """List the annotations of an XML file, with the function that reads each. Raises ExcludedSlide for other files."""
    try:
        root = ElementTree.fromstring(content, ElementTree.XMLParser(target=_TreeWithoutDoctype()))
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ExcludedSlide(f"{FILE} is not a complete XML file; save it again, or {EXPORT}") from error
    if root.tag == "ASAP_Annotations":
        return root.findall("Annotations/Annotation"), read_asap
    for tag, advice in OTHER_FORMATS.items():
        if root.find(f".//{tag}") is not None:
            raise ExcludedSlide(f"{FILE} {advice}, and {EXPORT}")
    if root.tag == "Annotations":
        pairs = ((layer, region) for layer in root.findall("Annotation") for region in layer.iter("Region"))
        return [(layer, region) for layer, region in pairs if not _is_hole(region)], read_imagescope
    raise ExcludedSlide(f"{FILE} is XML of neither ASAP nor ImageScope (<{root.tag}>); {EXPORT}")


def read_asap(element: ElementTree.Element) -> Drawn:
    """Class and outline of an ASAP annotation, or the reason to skip it. Malformed ones raise various exceptions."""
    kind, group = element.get("Type"), element.get("PartOfGroup", "None")
    if kind not in AREAS_OF_ASAP:
        return "", [], f"of the type {kind}"
    points = sorted(element.iter("Coordinate"), key=lambda point: int(point.attrib["Order"]))
    return "" if group == "None" else group, [[_ring(points)]], ""


def read_imagescope(layer_and_region: tuple[ElementTree.Element, ElementTree.Element]) -> Drawn:
    """Class and outline of a region in an ImageScope layer, or the reason to skip it. Raises as read_asap does."""
    layer, region = layer_and_region
    kind = int(region.get("Type", 0))
    if kind in LINES:
        return "", [], f"of the type {LINES[kind]}"
    descriptions = [field.get("Value") or "" for field in layer.iter("Attribute") if field.get("Name") == "Description"]
    name = layer.get("Name") or next(iter(descriptions), "")
    ring, holes = _region_ring(region), []
    for hole in (_region_ring(negative) for negative in layer.iter("Region") if _is_hole(negative)):
        is_enclosed = encloses(ring, hole)
        if is_enclosed.any() and not is_enclosed.all():
            raise ExcludedSlide(
                f"a negative region of ImageScope crosses the edge of another at {hole[0][0]:.0f}, {hole[0][1]:.0f}, "
                "so that it is unclear what it cuts out; draw it wholly inside, and save the file again"
            )
        if is_enclosed.any():
            holes.append(hole)
    return name, [[ring, *holes]], ""


def _is_hole(region: ElementTree.Element) -> bool:
    return region.get("NegativeROA", "0") == "1"


def _region_ring(region: ElementTree.Element) -> np.ndarray:
    """Ring of a region; for ellipses, and for some rectangles, the file stores only the bounding box."""
    ring, kind = _ring(region.iter("Vertex")), int(region.get("Type", 0))
    if kind == 0 or len(ring) > 4 or not len(ring) or (kind != ELLIPSE and len(ring) > 2):
        return ring
    middle, half = (ring.max(axis=0) + ring.min(axis=0)) / 2, np.ptp(ring, axis=0) / 2
    if kind != ELLIPSE:
        return middle + half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    return middle + half * np.column_stack([np.cos(angle), np.sin(angle)])


def _ring(points: Iterable[ElementTree.Element]) -> np.ndarray:
    # some versions of Windows write a decimal comma: 12,5
    return as_ring([[float(point.attrib[axis].replace(",", ".")) for axis in "XY"] for point in points])


def encloses(ring: np.ndarray, points: np.ndarray) -> np.ndarray:
    """True for points (n, 2) inside a ring, by the even-odd rule; bool (n,)."""
    x, y = points.T[:, :, None]
    start, end = ring.T, np.roll(ring, -1, axis=0).T
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = start[0] + (y - start[1]) * (end[0] - start[0]) / (end[1] - start[1])
    passes = (start[1] > y) != (end[1] > y)
    return (passes & (x < crossed)).sum(axis=1) % 2 == 1
