"""A tissue mask that the sheet names: which part of the slide it shows, and what is marked in it."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from mirax_file import write_mirax
from PIL import Image
from region_images import read_mask
from scipy import ndimage
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import rng
from lowpower.slides.morphology import drop_small
from lowpower.slides.slide import ExcludedSlide, open_slide
from lowpower.slides.user_mask import read_own_mask, scanned_area

SIDES = (1000, 700)  # of a mask, and of the slide that it shows in these tests


def draw_pieces():
    """Nine pieces of tissue on a slide, (H, W) bool."""
    y, x = np.mgrid[: SIDES[1], : SIDES[0]]
    rough = ndimage.gaussian_filter(rng.generator(0, "test own mask").normal(size=x.shape), 4)
    near = np.hypot(y % 233 - 116, x % 333 - 166)
    return drop_small(near + 60 * rough < 80, 1000)


PIECES = draw_pieces()


def read(path, slide_size=SIDES, size=SIDES, scanned=None):
    return read_own_mask(path, slide_size=slide_size, size=size, scanned=scanned or (0, 0, *slide_size))


def save(path, pixels, **options):
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(path, **options)
    return path


def test_a_pathologists_mask_is_used_instead(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(512, 1024, [(50, 50, 300, 300)]))
    own = np.zeros((20, 40), np.uint8)
    own[10:20, 20:40] = 1
    Image.fromarray(own).save(tmp_path / "own.png")
    _, masked, tiled = cut_slide(tmp_path / "out", path, own_mask=str(tmp_path / "own.png"))
    expected = np.zeros((32, 64), bool)
    expected[16:, 32:] = True
    assert np.array_equal(read_mask(tmp_path / "out"), expected)
    assert masked["tissue_mm2"] == tiled["area_mm2"] == pytest.approx(0.5**2 * 256 * 512 / 1e6)


@pytest.mark.parametrize("mode", ["1", "L", "P", "I;16", "RGB", "RGBA", "LA"])
def test_masks_of_any_kind(tmp_path, mode):
    marked = np.zeros((4, 6), np.uint8)
    marked[1:3, 2:5] = 255
    image = Image.fromarray(marked)
    if mode == "I;16":
        image = Image.fromarray(marked.astype(np.uint16) * 200)
    elif mode == "P":
        image = Image.fromarray(marked // 255).convert("P")
        image.putpalette([255, 255, 255, 0, 0, 0])  # the number counts, not the color
    elif mode != "L":
        image = image.convert(mode)
    image.save(tmp_path / "own.png")
    mask, warnings = read(tmp_path / "own.png", (600, 400), (6, 4))
    assert np.array_equal(mask, marked > 0) and warnings == []


def test_transparent_is_background(tmp_path):
    pixels = np.full((4, 6, 4), 255, np.uint8)
    pixels[:2, :, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "own.png")
    assert read(tmp_path / "own.png", (600, 400), (6, 4))[0].sum() == 12


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "column mask does not exist"),
        (b"no image", "column mask cannot be read as an image"),
        (np.ones((100, 100), np.uint8), "does not have the shape of the slide, 1024 x 512 px"),
        (np.zeros((50, 100), np.uint8), "marks no tissue"),
    ],
)
def test_a_mask_that_cannot_be_used_excludes_the_slide(tmp_path, content, reason):
    path = write_slide(tmp_path / "a.svs", draw_tissue(512, 1024, [(50, 50, 300, 300)]))
    own = tmp_path / "own.png"
    if isinstance(content, bytes):
        own.write_bytes(content)
    elif content is not None:
        Image.fromarray(content).save(own)
    *_, tiled = cut_slide(tmp_path / "out", path, own_mask=str(own))
    assert tiled["state"] == "excluded" and tiled["step"] == "mask_tissue" and reason in tiled["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("quality", [30, 50, 75, 95])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_rings_of_a_jpeg_are_no_tissue(tmp_path, mode, quality):
    image = Image.fromarray(PIECES.astype(np.uint8) * 255).convert(mode)
    path = save(tmp_path / "own.jpg", image, quality=quality)
    assert ((np.asarray(Image.open(path).convert("L")) > 0) & ~PIECES).sum() > 500  # what rang
    mask, warnings = read(path)
    assert (mask != PIECES).sum() <= 3 and ndimage.label(mask)[1] == ndimage.label(PIECES)[1] == 9 and warnings == []
    copy = save(tmp_path / "own.png", Image.open(path))  # as good as a JPEG
    assert np.array_equal(read(copy)[0], mask)


SOFT = ndimage.gaussian_filter(PIECES * 255.0, 3)


@pytest.mark.parametrize(
    "pixels",
    [
        PIECES,
        PIECES.astype(np.uint8),
        PIECES * np.uint8(255),
        PIECES * np.uint16(65535),
        PIECES.astype(np.int32) * 70000,
        PIECES.astype(np.float32),
        np.where(PIECES, np.float32(1), np.float32("nan")),
        PIECES[..., None] * np.array((0, 128, 0), np.uint8),
        np.where(PIECES, np.float32(3e38), 0),
        SOFT.round().astype(np.uint8),
        SOFT.astype(np.float32),
    ],
    ids=[
        "bilevel",
        "0 and 1",
        "0 and 255",
        "16 bits",
        "32 bits",
        "float",
        "nan",
        "green",
        "huge",
        "soft",
        "soft float",
    ],
)
def test_two_values_are_tissue_and_background_whatever_they_are(tmp_path, pixels):
    mask, warnings = read(save(tmp_path / "own.tif", pixels))
    expected = PIECES if pixels.ndim == 3 or len(np.unique(pixels)) < 3 else pixels.max() / 2 <= SOFT
    assert (mask != expected).sum() < 20 and warnings == []


LABELS = PIECES.astype(np.uint8)
LABELS[:, 400:] *= 2
COLORS = np.array([(0, 0, 0), (255, 0, 0), (0, 255, 0)], np.uint8)[LABELS]
OUTLINE = PIECES & ~ndimage.binary_erosion(PIECES, iterations=2)
PHOTO = draw_tissue(SIDES[1], SIDES[0], [(100, 100, 400, 600)])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pixels", "found"),
    [
        (LABELS, "has the values 0, 1, 2, but should have 0 and one other"),
        (np.array([0, 1, 255], np.uint8)[LABELS], "has the values 0, 1, 255,"),
        (np.array([0, 1, 4], np.uint16)[LABELS], "has the values 0, 1, 4,"),
        (np.array([0, 0.5, 1], np.float32)[LABELS], "has the values 0, 0.5, 1,"),
        (PIECES + np.uint8(1), "has the values 1, 2,"),
        (COLORS, "has the values (0, 0, 0), (0, 255, 0), (255, 0, 0),"),
        (np.where(COLORS.any(axis=2, keepdims=True), COLORS, 255).astype(np.uint8), "(255, 255, 255),"),
        (ndimage.label(PIECES)[0].astype(np.uint8) * 2, "has 10 values, but should have 0 and one other"),
        (ndimage.label(PIECES[::5, ::5])[0].astype(np.uint16).repeat(30, 0).repeat(30, 1), "values"),
        (PHOTO, "values, but should have 0 and one other: it holds several labels, or is a picture; save it with one"),
        (np.where(OUTLINE[..., None], (0, 0, 255), PHOTO).astype(np.uint8), "or is a picture"),
    ],
)
def test_labels_and_pictures_are_no_mask(tmp_path, pixels, found):
    with pytest.raises(ExcludedSlide) as caught:
        read(save(tmp_path / "own.tif", pixels))
    assert found in str(caught.value)


def test_labels_and_pictures_saved_as_jpeg_are_no_mask_either(tmp_path):
    for pixels in (PHOTO, COLORS, LABELS * np.uint8(120)):
        with pytest.raises(ExcludedSlide, match="several labels, or is a picture"):
            read(save(tmp_path / "own.jpg", pixels))


@pytest.mark.parametrize(
    ("pixels", "warning"),
    [
        (np.full(SIDES[::-1], 255, np.uint8), "marks 100% of the slide as tissue"),
        (~PIECES, "marks 74% of the slide as tissue, and 100% of the rim; if its background is the part that is not 0"),
        (OUTLINE, "marks lines, which enclose 17 times their area; fill"),
        (np.where(np.arange(SIDES[0]) % 500 == 250, 100, PIECES * 255).astype(np.uint8), "has the values 0, 100, 255,"),
    ],
)
def test_a_doubtful_mask_is_taken_with_a_warning(tmp_path, pixels, warning):
    mask, (said,) = read(save(tmp_path / "own.png", pixels))
    assert warning in said and np.array_equal(mask, pixels > 127 if pixels.dtype == np.uint8 else pixels)


@pytest.mark.parametrize("error", [TypeError, IndexError, EOFError, Image.DecompressionBombError])
def test_whatever_pillow_stumbles_over_is_no_image(tmp_path, monkeypatch, error):
    def stumble(image):
        raise error("of a damaged header")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", stumble)
    with pytest.raises(
        ExcludedSlide, match=r"column mask (cannot be read as an image|has too many pixels); correct it"
    ):
        read(save(tmp_path / "own.png", PIECES))


@pytest.mark.slow
def test_an_own_mask_takes_14_bytes_a_pixel_at_most(tmp_path):
    # as a mask that is found does: 59 million pixels, a slide of 75 x 50 mm, then stay below 1 GB
    large = np.tile(PIECES, (3, 2))  # so that strips are small beside it
    path = save(tmp_path / "own.png", Image.fromarray(large.astype(np.uint8) * 255).convert("RGB"))
    tracemalloc.start()
    try:
        read(path, large.shape[::-1], large.shape[::-1])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / large.size < 14


def test_warnings_of_a_mask_reach_its_state(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(512, 1024, [(50, 50, 300, 300)]))
    own = save(tmp_path / "own.png", np.ones((64, 128), np.uint8))
    _, masked, tiled = cut_slide(tmp_path / "out", path, own_mask=str(own))
    assert "marks 100% of the slide" in masked["warnings"][0] and tiled["state"] == "usable"
    assert tiled["warnings"] == []


@pytest.fixture
def mirax(tmp_path):
    """A slide of 2048 x 1024 px, of which 1024 x 768 from (1024, 256) on were scanned."""
    missing = {(row, column) for row, column in product(range(4), range(8)) if column < 4 or row < 1}
    return write_mirax(tmp_path, draw_tissue(1024, 2048, [(300, 900, 1100, 1500)]), missing)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(128, 96), (40, 30), (1024, 768), (1536, 1152)])
def test_a_mask_of_the_scanned_area_lies_where_it_was_scanned(tmp_path, mirax, size):
    with open_slide(mirax) as slide:
        assert scanned_area(slide) == (1024, 256, 1024, 768)
    y, x = np.mgrid[: size[1], : size[0]]
    own = save(tmp_path / "own.png", ((x < size[0] / 4) & (y >= size[1] / 2)).astype(np.uint8))
    _, masked, tiled = cut_slide(tmp_path / "out", mirax, own_mask=str(own))
    expected = np.zeros((64, 128), bool)
    expected[40:64, 64:80] = True
    assert np.array_equal(read_mask(tmp_path / "out"), expected)
    assert masked["warnings"] == [] and tiled["state"] == "usable"


def test_a_mask_of_the_whole_slide_is_placed_as_before(tmp_path, mirax):
    y, x = np.mgrid[:32, :64]
    own = save(tmp_path / "own.png", ((x >= 40) & (y >= 16)).astype(np.uint8))
    _, masked, _ = cut_slide(tmp_path / "out", mirax, own_mask=str(own))
    expected = np.zeros((64, 128), bool)
    expected[32:, 80:] = True
    assert np.array_equal(read_mask(tmp_path / "out"), expected) and masked["warnings"] == []


def test_a_mask_that_has_the_shape_of_both_is_taken_for_the_whole_slide_and_that_is_said(tmp_path):
    own = save(tmp_path / "own.png", np.eye(200, 100, dtype=np.uint8).T)
    mask, (warning,) = read(own, (2000, 1000), (20, 10), (500, 250, 1000, 500))
    assert np.array_equal(mask, read(own, (2000, 1000), (20, 10))[0])
    assert "2000 x 1000 px or of its scanned area, 1000 x 500 px, and was taken for the whole slide" in warning


def test_a_mask_that_fits_only_one_area_to_the_pixel_is_of_that_one(tmp_path):
    # within 2 % it would fit both
    own = save(tmp_path / "own.png", np.pad(np.ones((300, 300), np.uint8), ((0, 700), (0, 710))))
    mask, warnings = read(own, (20000, 20000), (200, 200), (10000, 0, 10100, 10000))
    assert warnings == [] and mask.sum() == 30 * 30 and mask[:30, 100:130].all()


def test_a_mask_that_lies_on_its_side_is_told_so(tmp_path):
    own = save(tmp_path / "own.png", PIECES.T.astype(np.uint8))
    with pytest.raises(
        ExcludedSlide, match=r"700 x 1000 px, does not have the shape of the slide.*turn it by 90 degrees"
    ):
        read(own)


@pytest.fixture
def aside(tmp_path):
    """A slide with one piece of tissue, above and left of the middle; its mask."""
    image = draw_tissue(1024, 2048, [(60, 100, 400, 700)])
    return image, np.ptp(image[8::16, 8::16].astype(int), axis=2) > 30


def warnings_of(folder, image, mask, **options):
    path = write_slide(folder / "a.svs", image, **options)
    own = save(folder / "own.png", mask.astype(np.uint8))
    _, masked, tiled = cut_slide(folder / "out", path, own_mask=str(own))
    assert tiled["state"] == "usable" and np.array_equal(read_mask(folder / "out"), mask)
    return masked["warnings"]


@pytest.mark.slow
@pytest.mark.parametrize("reductions", [(), (4, 16)])
@pytest.mark.parametrize(
    ("turn", "words"),
    [
        (np.s_[:, ::-1], "looks mirrored from left to right: 0% of the area it marks is stained, and 99% would be"),
        (np.s_[::-1], "looks upside down: "),
        (np.s_[::-1, ::-1], "looks turned by 180 degrees: "),
    ],
)
def test_a_mask_that_is_turned_is_known_by_what_is_stained(tmp_path, aside, turn, words, reductions):
    image, mask = aside
    (said,) = warnings_of(tmp_path, image, mask[turn], reductions=reductions)
    assert words in said


@pytest.mark.slow
def test_on_tinted_glass_too_a_mask_that_is_turned_is_known(tmp_path, aside):
    image, mask = aside
    tinted = (image * np.array((223, 215, 190)) / 255).astype(np.uint8)
    (said,) = warnings_of(tmp_path, tinted, mask[:, ::-1])
    assert said.startswith("its mask looks mirrored")
    assert warnings_of(tmp_path, tinted, mask) == []


@pytest.mark.slow
def test_a_mask_in_its_place_is_not_doubted(tmp_path, aside):
    image, mask = aside
    assert warnings_of(tmp_path, image, mask) == []
    assert warnings_of(tmp_path, image, mask & (np.arange(mask.shape[1]) < 20)) == []  # a part of the tissue
    assert warnings_of(tmp_path, image, ndimage.binary_dilation(mask, iterations=4)) == []


@pytest.mark.slow
def test_a_mask_of_another_slide_is_doubted(tmp_path, aside):
    image, mask = aside
    other = np.zeros_like(mask)
    other[:, 58:68] = True  # where there is none, however it is turned
    (said,) = warnings_of(tmp_path, image, other)
    assert said.startswith("0.0% of the area its mask marks is stained: it may belong to another slide")


@pytest.mark.slow
def test_a_mask_of_a_slide_without_color_is_not_doubted(tmp_path, aside):
    image, mask = aside
    assert warnings_of(tmp_path, image[..., :1].repeat(3, axis=2), mask[:, ::-1]) == []
