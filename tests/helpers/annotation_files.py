"""Annotation files as QuPath and ASAP write them."""

import json

SQUARE = [[100, 100], [500, 100], [500, 500], [100, 500], [100, 100]]
OTHER = [[700, 600], [1100, 600], [1100, 900], [700, 900], [700, 600]]


def feature(*rings, name="tumor", kind="Polygon", **about):
    shape = {"type": kind, "coordinates": list(rings)}
    if name:
        about["classification"] = {"name": name, "color": [200, 0, 0]}
    return {"type": "Feature", "id": "x", "geometry": shape, "properties": {"objectType": "annotation", **about}}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def asap(*drawn):
    """A file of ASAP. drawn: group, type and points of each annotation."""
    annotations = "".join(
        f'<Annotation Name="Annotation {number}" Type="{kind}" PartOfGroup="{group}" Color="#F4FA58"><Coordinates>'
        + "".join(f'<Coordinate Order="{k}" X="{x}" Y="{y}" />' for k, (x, y) in enumerate(points))
        + "</Coordinates></Annotation>"
        for number, (group, kind, points) in enumerate(drawn)
    )
    groups = '<Group Name="tumor" PartOfGroup="None" Color="#aa0000"><Attributes /></Group>'
    return (
        f'<?xml version="1.0"?><ASAP_Annotations><Annotations>{annotations}</Annotations>'
        f"<AnnotationGroups>{groups}</AnnotationGroups></ASAP_Annotations>"
    )
