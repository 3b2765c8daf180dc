"""Annotations of ASAP and ImageScope, and files of other programs that are told apart."""

import gzip

import numpy as np
import pytest
from annotation_files import asap

from lowpower.slides.annotation import read_annotations
from lowpower.slides.annotation_xml import encloses
from lowpower.slides.outlines import inside
from lowpower.slides.regions import Box
from lowpower.slides.slide import ExcludedSlide

SIZE = (1200, 1100)
SQUARE = [(100, 100), (500, 100), (500, 500), (100, 500)]
HOLE = [(200, 200), (300, 200), (300, 300), (200, 300)]
OTHER = [(700, 600), (1100, 600), (1100, 900), (700, 900)]


def layer(*regions, name="tumor", description="", vertex="Vertex"):
    """A layer of ImageScope. regions: type, whether it is negative, and points of each."""
    inner = "".join(
        f'<Region Id="{number}" Type="{kind}" NegativeROA="{int(negative)}" Text=""><Attributes/><Vertices>'
        + "".join(f'<{vertex} X="{x}" Y="{y}" Z="0"/>' for x, y in points)
        + "</Vertices></Region>"
        for number, (kind, negative, points) in enumerate(regions, start=1)
    )
    attribute = f'<Attributes><Attribute Name="Description" Id="0" Value="{description}"/></Attributes>'
    header = '<RegionAttributeHeaders><AttributeHeader Id="9999" Name="Region"/></RegionAttributeHeaders>'
    return f'<Annotation Id="1" Name="{name}" Type="4">{attribute}<Regions>{header}{inner}</Regions></Annotation>'


def imagescope(*layers):
    return f'<Annotations MicronsPerPixel="0.2520">{"".join(layers)}</Annotations>'


def read(path, content, corner=(0, 0)):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_annotations(path, SIZE, corner)


def test_annotations_of_asap(tmp_path, capfd):
    content = asap(
        ("tumor", "Polygon", SQUARE),
        ("None", "Rectangle", OTHER),
        ("normal tissue", "Spline", HOLE),
        ("tumor", "Dot", HOLE[:1]),
        ("tumor", "Measurement", HOLE[:2]),
        ("tumor", "PointSet", HOLE),
    )
    # its coordinates are those of the whole slide, also of a MIRAX slide
    found = read(tmp_path / "a.xml", content, corner=(300, 400))
    assert [name for name, _ in found] == ["tumor", "", "normal tissue"]
    assert all(np.array_equal(parts, [[ring]]) for (_, parts), ring in zip(found, (SQUARE, OTHER, HOLE), strict=True))
    said = capfd.readouterr().err
    assert all(f"1 of the type {kind}" in said for kind in ("Dot", "Measurement", "PointSet"))


def test_points_of_asap_follow_their_order(tmp_path):
    content = asap(("tumor", "Polygon", SQUARE))
    first, second = ('<Coordinate Order="0" X="100" Y="100" />', '<Coordinate Order="1" X="500" Y="100" />')
    swapped = content.replace(first + second, second + first)
    assert swapped != content
    ((_, parts),) = read(tmp_path / "a.xml", swapped)
    assert np.array_equal(parts[0][0], SQUARE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_commas_and_encodings(tmp_path, encoding):
    content = asap(("tümor", "Polygon", SQUARE)).replace('"500"', '"500,25"')
    content = content.replace('version="1.0"', f'version="1.0" encoding="{encoding.removesuffix("-sig")}"')
    for packed in (content.encode(encoding), gzip.compress(content.encode(encoding))):
        ((name, parts),) = read(tmp_path / "a.xml", packed)
        assert name == "tümor" and parts[0][0].max() == 500.25


def test_regions_of_imagescope(tmp_path, capfd):
    away = np.array(HOLE) + 600
    content = imagescope(
        layer((0, False, [*SQUARE, SQUARE[0]]), (0, True, HOLE), (4, False, SQUARE[:2]), (0, True, away)),
        layer((1, False, OTHER[::2]), (2, False, [(700, 100), (900, 200)]), name="", description=" normal "),
        layer((1, False, OTHER), (3, False, HOLE), name=""),
    )
    found = read(tmp_path / "a.xml", content)
    assert [name for name, _ in found] == ["tumor", "normal", "normal", ""]
    assert np.array_equal(found[0][1][0][1], HOLE) and len(found[0][1][0]) == 2
    assert np.array_equal(found[1][1][0][0], OTHER) and np.array_equal(found[3][1][0][0], OTHER)
    areas = [inside(parts, 1, Box(0, 0, *SIZE)).sum() for _, parts in found]
    assert areas[0] == 400**2 - 100**2 and areas[1] == areas[3] == 400 * 300
    assert areas[2] == pytest.approx(np.pi * 100 * 50, rel=0.01)
    said = capfd.readouterr().err
    assert "1 of the type ruler" in said and "1 of the type arrow" in said


def test_imagescope_starts_where_the_scan_does(tmp_path):
    # of a Leica SCN it shows what was scanned, as QuPath does
    ((_, parts),) = read(tmp_path / "a.xml", imagescope(layer((0, False, SQUARE))), corner=(300, 400))
    assert np.array_equal(parts[0][0] - (300, 400), SQUARE)


def test_a_hole_of_imagescope_that_crosses_an_edge_is_refused(tmp_path):
    crossing = [(450, 200), (550, 200), (550, 300), (450, 300)]
    with pytest.raises(ExcludedSlide, match="negative region of ImageScope crosses the edge of another at 450, 200"):
        read(tmp_path / "a.xml", imagescope(layer((0, False, SQUARE), (0, True, crossing))))


def test_which_points_a_ring_encloses():
    ring = np.array([(0, 0), (10, 0), (10, 10), (5, 2), (0, 10)], float)
    points = np.array([(1, 1), (5, 1), (5, 5), (9, 7), (-1, 1), (11, 1), (5, 11)])
    assert encloses(ring, points).tolist() == [True, True, False, True, False, False, False]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "cccccccccc"><!ENTITY d "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    "<ASAP_Annotations><Annotations>&d;</Annotations></ASAP_Annotations>"
)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (imagescope(layer((0, False, SQUARE), vertex="V")), "is HALO's; convert it with pyhaloxml to GeoJSON"),
        (
            '<annotations><ndpviewstate id="1"><annotation type="freehand"/></ndpviewstate></annotations>',
            "is Hamamatsu's (.ndpa), in nanometers from the slide's center",
        ),
        ("<annotation><object/></annotation>", "is XML of neither ASAP nor ImageScope (<annotation>)"),
        ("<html><body>Please log in</body></html>", "is XML of neither ASAP nor ImageScope (<html>)"),
        ("<!DOCTYPE html><html><body>Please log in</body></html>", "is not a complete XML file"),
        (BOMB, "is not a complete XML file"),
        (asap(("tumor", "Polygon", SQUARE))[:200], "is not a complete XML file"),
        ('<?xml version="1.0" encoding="klingon"?><Annotations/>', "is not a complete XML file"),
        (asap(), "holds no polygon; draw one"),
        (imagescope(), "holds no polygon; draw one"),
        (imagescope(layer((0, True, HOLE))), "holds no polygon; draw one"),
        (asap(("tumor", "Dot", HOLE)), "holds no polygon (but 1 of the type Dot)"),
        (asap(("tumor", "Polygon", [(1, 2), ("a", 3)])), "broken feature, number 1"),
        (asap(("tumor", "Polygon", [(1, "nan"), (2, 3)])), "broken feature, number 1"),
        (asap(("tumor", "Polygon", SQUARE)).replace("Order", "Place"), "broken feature, number 1"),
        (imagescope(layer((0, False, SQUARE))).replace("X=", "U="), "broken feature, number 1"),
        (asap(("tumor", "Polygon", np.array(SQUARE) + 2000)), "draws at 2500, 2500, and the slide has 1200 x 1100"),
        (b"\xac\xed\x00\x05sr\x00", "is QuPath's own .qpdata"),
        (b"\x1f\x8b\x08\x00", "is not a complete .gz"),
        (gzip.compress(b"{}" * 99, mtime=0)[:-9], "is not a complete .gz"),
        (b"PK\x03\x04 and no archive", "not a .zip of one file"),
    ],
)
def test_other_files_have_their_own_sentence(tmp_path, content, reason):
    with pytest.raises(ExcludedSlide) as caught:
        read(tmp_path / "a.xml", content)
    assert reason in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
