"""What is said of annotations that lie on glass, in another unit, or over each other. It excludes nothing."""

import json

import numpy as np
import pytest
from annotation_files import asap, collection, feature, write
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import files
from lowpower.slides.annotation_warnings import other_readings, warn_of_annotations

SIDES = (4000, 3000)  # of level 0, at 0.25 µm; the mask has a pixel for 32 of them
MPP, REDUCTION, LEVELS = 0.25, 32, (1, 2.0003, 16)


def ring(x, y, side=600):
    return np.array([(x, y), (x + side, y), (x + side, y + side), (x, y + side)], float)


def drawn(*rings, name="tumor"):
    return [(name, [[one]]) for one in rings]


def draw_mask(*places, corner=(0, 0)):
    """Tissue (H, W) bool in squares of 800 px at places, rounded to pixels of the mask."""
    tissue = np.zeros((-(-SIDES[1] // REDUCTION), -(-SIDES[0] // REDUCTION)), bool)
    for x, y in np.array(places) + corner:
        tissue[y // REDUCTION : (y + 800) // REDUCTION, x // REDUCTION : (x + 800) // REDUCTION] = True
    return tissue


PLACES = [(1600, 600), (2800, 1000)]
TISSUE = draw_mask(*PLACES)
RIGHT = [ring(x + 100, y + 100) for x, y in PLACES]


def doubt(found, tissue=TISSUE, corner=(0, 0)):
    return warn_of_annotations(found, tissue, reduction=REDUCTION, mpp=MPP, downsamples=LEVELS, corner=corner)


def test_of_annotations_on_tissue_nothing_is_said():
    assert doubt(drawn(*RIGHT)) == []
    assert doubt(drawn(RIGHT[0]) + drawn(RIGHT[1], name="normal") + drawn(ring(1660, 660, 200), name="")[:0]) == []
    half = [ring(x + 450, y + 100) for x, y in PLACES]  # a little more than half of each
    assert doubt(drawn(*half)) == []


@pytest.mark.parametrize(
    ("move", "words"),
    [
        (lambda one: one * MPP, "µm:"),
        (lambda one: one / 2.0003, "pixels of level 1:"),
        (lambda one: one / 16, "pixels of level 2:"),
        (lambda one: one[:, ::-1], "y and x, swapped:"),
    ],
)
def test_coordinates_of_another_unit_are_known_by_the_tissue_they_would_hold(move, words):
    (said,) = doubt(drawn(*map(move, RIGHT)))
    assert said.startswith(f"its annotations look like {words} read as pixels of level 0, ")
    share, would = (int(part.split("%")[0].split()[-1]) for part in said.split("tissue", 1))
    assert share <= 25 and would >= 97


def test_two_units_that_fit_alike_are_both_said():
    (said,) = warn_of_annotations(
        drawn(*(one / 4 for one in RIGHT)), TISSUE, reduction=REDUCTION, mpp=MPP, downsamples=(1, 4), corner=(0, 0)
    )
    assert "look like µm or pixels of level 1: read" in said


def test_a_unit_is_doubted_also_where_all_is_tissue_and_annotations_huddle_in_a_corner():
    everywhere = np.ones_like(TISSUE)
    (said,) = doubt(drawn(*(one / 16 for one in RIGHT)), everywhere)
    assert "look like µm or pixels of level 2: read as pixels of level 0, 100% of their area is tissue" in said
    assert "of their area is tissue; read like that, 100%" in said
    assert doubt(drawn(*RIGHT), everywhere) == []


def test_coordinates_that_start_at_another_corner_are_known_too():
    corner = (500, 900)
    tissue = draw_mask(*PLACES, corner=corner)
    moved = [one + corner for one in RIGHT]
    assert doubt(drawn(*moved), tissue, corner) == []
    (said,) = doubt(drawn(*(one + corner for one in moved)), tissue, corner)
    assert "look like counted from the corner of the whole slide:" in said
    (said,) = doubt(drawn(*RIGHT), tissue, corner)
    assert "look like counted from the corner of the scanned area:" in said


def test_units_are_counted_from_the_corner_of_the_scanned_area():
    one, corner = ring(700, 300), np.array((100, 200))
    readings = other_readings(0.5, (1, 4), corner)
    assert np.array_equal(readings["µm"](one), (one - corner) * 2 + corner)
    assert np.array_equal(readings["pixels of level 1"](one), (one - corner) * 4 + corner)
    assert list(other_readings(1.01, (1,), (0, 0))) == ["y and x, swapped"]


def test_annotations_on_glass_are_counted_and_the_first_is_named():
    (said,) = doubt(drawn(*RIGHT) + drawn(ring(100, 2300), ring(3300, 2300), name="normal"))
    assert said.startswith(
        "2 of 4 annotations hold less than 5% of tissue, the first of class normal around 400, 2600 px"
    )
    (said,) = doubt(drawn(RIGHT[0], ring(100, 2300, 8), name=""))
    assert said.startswith(
        "1 of 2 annotations holds less than 5% of tissue, the first without a class around 104, 2304 px"
    )


def test_copies_are_counted():
    (said,) = doubt(drawn(*RIGHT, RIGHT[0], RIGHT[0].copy()))
    assert said.startswith("2 of 4 annotations are copies of another, and its tissue counts twice")
    (said,) = doubt(drawn(*RIGHT, RIGHT[0]))
    assert said.startswith("1 of 3 annotations is a copy of another")


def test_classes_drawn_over_each_other_are_named():
    inner = ring(1750, 750, 300)
    (said,) = doubt(drawn(*RIGHT) + drawn(inner, name="necrosis"))
    assert "of another class (1 of class necrosis in tumor), so models learn both classes from the same pixels" in said
    (said,) = doubt(drawn(*RIGHT) + drawn(inner, name=""))
    assert "(1 without a class in tumor)" in said
    (said,) = doubt(drawn(*RIGHT) + drawn(*RIGHT, inner, name="normal"))
    assert "(3 of class normal in tumor, 2 of class tumor in normal)" in said
    hole = [("tumor", [[RIGHT[0], inner]]), *drawn(inner, name="necrosis"), *drawn(RIGHT[1])]
    assert doubt(hole) == []


@pytest.mark.parametrize("count", [8, 9, 64, 65])
def test_many_classes_are_kept_apart(count):
    inner = ring(1750, 750, 300)
    many = [one for k in range(count - 1) for one in drawn(ring(2820 + 10 * k, 1050, 8), name=f"class {k}")]
    warnings = doubt(many + drawn(RIGHT[0], inner, name="tumor") + drawn(inner, name="class 0"))
    assert ["1 of class class 0 in tumor" in said for said in warnings] == [True] * (count < 65)


@pytest.fixture
def slide(tmp_path):
    """Two pieces of tissue at 0.5 µm, the second level a quarter."""
    return write_slide(tmp_path / "a.svs", draw_tissue(2200, 2400, [(900, 700, 700, 900), (1700, 1800, 400, 500)]))


def cut(folder, slide, *rings):
    path = write(folder / "a.geojson", collection(*(feature(one.tolist()) for one in rings)))
    return cut_slide(folder / "out", slide, unit="annotation", annotation=path)[-1]


@pytest.mark.slow
def test_warnings_reach_the_state_and_exclude_nothing(tmp_path, slide):
    right = ring(900, 1000, 500)
    assert cut(tmp_path, slide, right)["warnings"] == []
    for moved, words in ((right / 2, "look like µm: "), (right / 4, "look like pixels of level 1: ")):
        state = cut(tmp_path, slide, moved)
        assert state["state"] == "usable" and words in state["warnings"][0] and state["regions"] == 1
    state = cut(tmp_path, slide, right, ring(100, 100, 300))
    assert state["warnings"][0].startswith("1 of 2 annotations holds less than 5% of tissue") and state["regions"] == 2


@pytest.mark.slow
def test_both_formats_cut_the_same(tmp_path, slide):
    right = ring(900, 1000, 500)
    state = cut(tmp_path, slide, right)
    expected = [(tmp_path / "out" / f"regions.{end}").read_bytes() for end in ("csv", "zip")]
    path = write(tmp_path / "a.xml", asap(("tumor", "Polygon", right.tolist())))
    assert cut_slide(tmp_path / "out", slide, unit="annotation", annotation=path)[-1] == state
    assert [(tmp_path / "out" / f"regions.{end}").read_bytes() for end in ("csv", "zip")] == expected
    assert json.loads((tmp_path / "out/tile.json").read_text()) == state
    assert [row["annotation"] for row in files.read_rows(tmp_path / "out/regions.csv")] == ["tumor"]
