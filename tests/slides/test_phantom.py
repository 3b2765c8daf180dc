from dataclasses import replace
from itertools import pairwise

import numpy as np
import openslide
import pytest
from scipy import ndimage

from lowpower.files import read_rows
from lowpower.slides.phantom import CLASSES, MPP, PhantomSettings, _pieces_with_focus, draw_slide, make_slide
from lowpower.slides.phantom_nucleus import HEMATOXYLIN, draw_shape, nucleus
from lowpower.slides.pyramid import halve, write_slide

SMALL = PhantomSettings(pieces=2, piece_px=128)


def light(image):
    """Mean of the channels, (H, W)."""
    return image.mean(2, dtype=float)


def detail(image):
    """Mean squared difference between neighboring pixels."""
    return (np.diff(light(image), axis=0) ** 2).mean()


def reduce(image, times):
    for _ in range(times):
        image = halve(image)
    return image


@pytest.fixture(scope="module")
def slide(tmp_path_factory):
    path = tmp_path_factory.mktemp("phantom") / "a.tiff"
    make_slide(path, slide="a", label="sheet_atypical", fault="", settings=SMALL)
    return path


def test_equal_arguments_give_equal_bytes(slide, tmp_path):
    make_slide(tmp_path / "b.tiff", slide="a", label="sheet_atypical", fault="", settings=SMALL)
    assert (tmp_path / "b.tiff").read_bytes() == slide.read_bytes()


@pytest.mark.parametrize(
    ("name", "dials"),
    [("b", SMALL), ("a", replace(SMALL, seed=1)), ("a", replace(SMALL, contrast=0.5)), ("a", replace(SMALL, leak=0.5))],
)
def test_slide_id_seed_and_dials_change_the_drawing(name, dials):
    before, after = draw_slide("a", "sheet_atypical", SMALL), draw_slide(name, "sheet_atypical", dials)
    assert before.shape == after.shape
    assert (before != after).any()


def test_openslide_reads_it_as_an_aperio_slide_at_20x(slide):
    with openslide.OpenSlide(slide) as opened:
        assert opened.properties[openslide.PROPERTY_NAME_VENDOR] == "aperio"
        assert float(opened.properties[openslide.PROPERTY_NAME_MPP_X]) == MPP
        assert float(opened.properties[openslide.PROPERTY_NAME_OBJECTIVE_POWER]) == 20
        assert opened.level_downsamples == (1, 2, 4)


def test_each_level_is_averaged_from_the_one_above(slide):
    with openslide.OpenSlide(slide) as opened:
        levels = [
            np.asarray(opened.read_region((0, 0), k, size).convert("RGB"))
            for k, size in enumerate(opened.level_dimensions)
        ]
    for above, below in pairwise(levels):
        assert np.abs(halve(above).astype(int) - below).mean() < 2  # both went through JPEG


def test_a_slide_without_mpp_is_the_same_picture(slide, tmp_path):
    make_slide(tmp_path / "b.tiff", slide="a", label="sheet_atypical", fault="no mpp", settings=SMALL)
    with openslide.OpenSlide(tmp_path / "b.tiff") as without, openslide.OpenSlide(slide) as opened:
        assert openslide.PROPERTY_NAME_MPP_X not in without.properties
        assert openslide.PROPERTY_NAME_OBJECTIVE_POWER not in without.properties
        area = ((0, 0), 0, opened.dimensions)
        assert without.read_region(*area).tobytes() == opened.read_region(*area).tobytes()


def test_a_corrupt_slide_cannot_be_opened(tmp_path):
    make_slide(tmp_path / "b.tiff", slide="a", label="sheet_atypical", fault="corrupt", settings=SMALL)
    assert (tmp_path / "b.tiff").stat().st_size > 0
    with pytest.raises(openslide.OpenSlideError):
        openslide.OpenSlide(tmp_path / "b.tiff")


@pytest.mark.parametrize("label", ["atypical", "sheet_pale", "", "lung_regular"])
def test_unknown_class_is_named_with_the_known_ones(label, tmp_path):
    with pytest.raises(ValueError, match=f"slide a: .*{label!r}.*palisade_regular, .*sheet_atypical"):
        make_slide(tmp_path / "a.tiff", slide="a", label=label, fault="", settings=SMALL)
    assert not list(tmp_path.iterdir())


def test_a_drawn_slide_is_said_in_one_line(tmp_path, capsys):
    for fault in ("", "no mpp"):
        make_slide(tmp_path / "b.tiff", slide="S001", label="sheet_atypical", fault=fault, settings=SMALL)
    line = "S001: 2 pieces of sheet_atypical, 896 x 512 px"
    assert capsys.readouterr().err.splitlines() == [line, f"{line}, made with the fault: no mpp"]


def test_unknown_fault_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"'torn'.*corrupt or no mpp"):
        write_slide(tmp_path / "a.tiff", image=np.zeros((64, 64, 3), np.uint8), mpp=MPP, fault="torn")


@pytest.mark.slow
@pytest.mark.parametrize("label", CLASSES)
@pytest.mark.parametrize("piece_px", [128, 256])
def test_every_piece_is_one_connected_tissue_in_its_box(label, piece_px):
    image = reduce(
        draw_slide("a", label, PhantomSettings(pieces=3, piece_px=piece_px)), 4
    )  # 8 µm/px, as the tissue mask
    tissue = ndimage.binary_fill_holes(image.min(2) < 225)
    labels, count = ndimage.label(tissue, np.ones((3, 3)))
    assert count == 3
    for rows, columns in ndimage.find_objects(labels):
        sides = np.array([rows.stop - rows.start, columns.stop - columns.start]) * 8
        assert (sides <= piece_px).all()
        assert (sides > 0.8 * piece_px).all()


@pytest.mark.slow
@pytest.mark.parametrize("label", ["palisade_atypical", "sheet_atypical"])
def test_contrast_changes_fine_detail_and_not_the_mean_color(label):
    dials = PhantomSettings(pieces=6)
    with_evidence, without = (draw_slide("a", label, replace(dials, contrast=c)) for c in (1, 0))
    assert detail(with_evidence) > 1.02 * detail(without)
    tissue = without.min(2) < 225
    difference = with_evidence[tissue].mean(0, dtype=float) - without[tissue].mean(0, dtype=float)
    assert (
        np.abs(difference).max() < 1
    )  # of 255: overlapping nuclei absorb a little less; two stain batches differ by 10


@pytest.mark.slow
def test_leak_darkens_the_tissue():
    dials = PhantomSettings(pieces=4, focus=(0.3, 0.3))
    leaking, tight = (draw_slide("a", "sheet_atypical", replace(dials, leak=leak)) for leak in (1, 0))
    assert leaking.mean() < tight.mean() - 0.3


@pytest.mark.slow
def test_the_phenotypes_differ_less_at_low_power():
    dials = PhantomSettings(pieces=6, focus=(0.3, 0.3))
    with_evidence, without = (draw_slide("a", "sheet_atypical", replace(dials, contrast=c)) for c in (1, 0))
    difference = [np.square(light(reduce(with_evidence, n)) - light(reduce(without, n))).mean() for n in (1, 3)]
    assert difference[1] < 0.4 * difference[0]  # 2.5x against 10x


@pytest.mark.slow
def test_without_contrast_the_phenotypes_are_drawn_alike():
    dials = PhantomSettings(pieces=6, contrast=0)
    regular, atypical = (draw_slide("a", f"palisade_{p}", dials) for p in ("regular", "atypical"))
    assert detail(atypical) == pytest.approx(detail(regular), rel=0.05)


def test_an_atypical_nucleus_absorbs_as_much_light_as_a_regular_one():
    peaks = []
    for seed in range(50):
        shape = draw_shape(np.random.default_rng(seed))
        regular, atypical = (nucleus(shape, contrast, 0) for contrast in (0, 1))
        green = [(1 - np.exp(-patch * HEMATOXYLIN[1])).sum() for patch in (regular, atypical)]
        assert green[1] == pytest.approx(green[0], rel=1e-3)
        assert not atypical[[0, -1]].any() and not atypical[:, [0, -1]].any()  # none is cut off
        peaks.append(atypical.max() / regular.max())
    assert np.median(peaks) > 1.5  # dark rim and nucleolus


@pytest.mark.parametrize(("sheet", "test_patients"), [("demo", 30), ("smoke", 8)])
def test_the_sheets_hold_every_class_in_every_part_and_two_faults(sheet, test_patients, pytestconfig):
    rows = read_rows(pytestconfig.rootpath / "data" / sheet / "slides.csv")
    assert len({row["patient"] for row in rows}) == len(rows)
    usable = [row for row in rows if not row["fault"]]
    assert sorted(row["fault"] for row in rows if row["fault"]) == ["corrupt", "no mpp"]
    for part in (("train", True), ("train", False), ("val", True), ("test", True)):
        classes = [row["true_label"] for row in usable if (row["split"], bool(row["label"])) == part]
        assert set(classes) == set(CLASSES)
        assert len({classes.count(name) for name in CLASSES}) == 1
    assert all(row["label"] in ("", row["true_label"]) for row in rows)
    assert sum(row["split"] == "test" for row in usable) >= test_patients


@pytest.mark.parametrize("share, count", [(0.05, 1), (0.3, 2), (1.0, 6)])
def test_foci_are_in_a_share_of_the_pieces_and_the_others_are_regular_ones(share, count):
    dials = PhantomSettings(pieces=6, piece_px=128, pieces_with_focus=share)
    slide, regular, whole = (
        draw_slide("a", label, dials if k < 2 else replace(dials, pieces_with_focus=1.0))
        for k, label in enumerate(("sheet_atypical", "sheet_regular", "sheet_atypical"))
    )
    side, gap = 256, 128
    boxes = [
        np.s_[gap + r * 384 : gap + r * 384 + side, gap + c * 384 : gap + c * 384 + side]
        for r in (0, 1)
        for c in range(3)
    ]
    as_regular = [np.array_equal(slide[box], regular[box]) for box in boxes]
    assert as_regular.count(False) == count
    assert all(np.array_equal(slide[box], whole[box]) for box, same in zip(boxes, as_regular, strict=True) if not same)


def test_the_pieces_with_foci_differ_from_slide_to_slide():
    dials = PhantomSettings(pieces=12, pieces_with_focus=0.05)
    drawn = [min(_pieces_with_focus(f"S{k}", dials)) for k in range(60)]
    assert len(set(drawn)) > 8 and max(drawn) < 12
