"""Dials of the drawn tissue: which scale shows the phenotype, and which provably does not."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from lowpower.slides.downsampling import area_mean
from lowpower.slides.phantom import MPP, PhantomSettings, draw_slide
from lowpower.slides.phantom_equalized import TOLERANCE, equalize
from lowpower.slides.phantom_nucleus import HEMATOXYLIN, draw_shape, nucleus

SMALL = PhantomSettings(pieces=2, piece_px=128, focus=(0.3, 0.3))
PHASES = [(0, 0), (2, 6), (10, 14), (16, 30)]  # pixels at 0.5 µm where a region begins


def sums(image, width):
    """Sums over every window of width x width pixels that meets image (H, W, C)."""
    total = np.pad(image, ((width, width - 1), (width, width - 1), (0, 0))).astype(float).cumsum(0).cumsum(1)
    return total[width:, width:] - total[:-width, width:] - total[width:, :-width] + total[:-width, :-width]


def read(slide, um, top, left):
    """Pixels of um µm of a region that begins at (top, left): rounded means of the teacher's, as a student has them."""
    region = slide[top:, left:]
    height, width = (side // 32 * 32 for side in region.shape[:2])
    return area_mean(area_mean(region[:height, :width], round(1 / MPP)), um).astype(int)


@pytest.fixture(scope="module")
def drawn():
    """Slides with atypical and with regular nuclei, of equal draws, for each dial."""
    dials = [("pleomorphic", 0), ("matched", 0), ("matched", 2), ("matched", 4), ("matched", 8), ("pleomorphic", 8)]
    return {
        dial: [
            draw_slide("a", "sheet_atypical", replace(SMALL, contrast=contrast, sizes=dial[0], equalized_um=dial[1]))
            for contrast in (1, 0)
        ]
        for dial in dials
    }


def largest(slides, um):
    """Largest difference of any channel and pixel of um µm, of regions that begin in several places."""
    return max(np.abs(read(slides[0], um, *phase) - read(slides[1], um, *phase)).max() for phase in PHASES)


@pytest.mark.parametrize(
    ("label", "digest"),
    [
        ("palisade_regular", "d5c37fa40d8d715d1b5fb2d8181d4d130de4494a6fb4013521066a65158cc9a2"),
        ("palisade_atypical", "73da738002543a26034e2aa74db7d4f052dff0432ba67959e1cf0239be4b664d"),
        ("sheet_regular", "235d8c3335d096608bd8bd2c30ca9da70f4320a20b5b56092d39ba6dd7d41c12"),
        ("sheet_atypical", "0bbc251f99e58f689b98eb3ad7398c85dc42770add508329ff627fcfdf18a1d7"),
    ],
)
def test_the_default_dials_draw_the_pixels_of_the_published_cohort(label, digest):
    assert sha256(draw_slide("hash", label, PhantomSettings(pieces=2, piece_px=128)).tobytes()).hexdigest() == digest


@pytest.mark.parametrize("width", [4, 8, 16])
def test_no_window_of_the_width_or_a_multiple_shows_what_was_equalized(width):
    draw = np.random.default_rng(width)
    difference = draw.normal(0, 40, (90, 70, 3)).astype(np.float32)
    difference[20:50, 20:50] -= 30
    least, most = np.full_like(difference, -60), np.full_like(difference, 50)
    least[:6], most[:, :5] = 0, 0
    rest = equalize(difference, width, least, most)
    assert ((rest >= least) & (rest <= most)).all()
    for multiple in (1, 2, 3):
        means = sums(rest, multiple * width) / (multiple * width) ** 2
        assert np.abs(means).max() < 1.01 * TOLERANCE
    assert np.abs(sums(difference, width)).max() / width**2 > 20 * TOLERANCE
    assert rest.std() > 5


def test_equal_light_stays_equal():
    nothing = np.zeros((40, 40, 3), np.float32)
    assert not equalize(nothing, 8, nothing - 9, nothing + 9).any()


@pytest.mark.slow
@pytest.mark.parametrize("um", [2, 4, 8])
def test_equalized_pieces_differ_by_a_gray_level_at_that_scale_and_coarser_and_by_more_below(drawn, um):
    slides = drawn["matched", um]
    for scale in (2, 4, 8, 16):
        if scale >= um:
            assert largest(slides, scale) <= 1
    assert largest(slides, 1) >= {2: 6, 4: 15, 8: 30}[um]
    if um > 2:
        assert largest(slides, um // 2) > 2


def test_equalized_light_holds_whatever_the_sizes(drawn):
    assert largest(drawn["pleomorphic", 8], 8) <= 1
    assert largest(drawn["pleomorphic", 8], 1) >= 30


def test_every_region_of_the_slide_is_equalized_and_its_noise_is_the_same(drawn):
    atypical, regular = (slide.astype(np.float32) for slide in drawn["matched", 8])
    means = sums(atypical - regular, round(8 / MPP)) / (8 / MPP) ** 2  # windows that begin anywhere, half a µm apart
    assert np.abs(means).max() < TOLERANCE + 0.25  # whole levels round by up to one; their mean over 256 pixels
    changed = np.abs(atypical - regular).max(2) > 0
    assert 0.01 < changed.mean() < 0.7  # elsewhere, noise and all, both are the same pixels


def test_matched_sizes_alone_and_the_default_show_the_phenotype_at_8_um(drawn):
    assert largest(drawn["pleomorphic", 0], 8) > 30
    assert largest(drawn["matched", 0], 8) > 10


@pytest.mark.slow
def test_leak_darkens_equalized_tissue_too():
    dials = replace(SMALL, sizes="matched", equalized_um=8)
    leaking, tight = (draw_slide("a", "sheet_atypical", replace(dials, leak=leak)) for leak in (1, 0))
    assert leaking.mean() < tight.mean() - 0.3


@pytest.mark.slow
def test_light_of_a_default_nucleus_is_spread_and_less_blue_and_of_a_matched_one_as_narrow_and_more_blue():
    shares, totals = np.zeros((3, 200)), np.zeros((3, 3))
    for seed in range(200):
        shape = draw_shape(np.random.default_rng(seed))
        for k, (contrast, drawn) in enumerate([(0, shape), (1, shape), (1, replace(shape, size=1))]):
            light = 1 - np.exp(-nucleus(drawn, contrast, 0)[..., None] * HEMATOXYLIN)
            totals[k] += light.sum((0, 1))
            shares[k, seed] = sums(light, round(8 / MPP))[..., 1].max() / light[..., 1].sum()
    regular, pleomorphic, matched = shares.mean(1)
    assert regular > 0.92 and pleomorphic < 0.65 and matched > 0.9  # of the light in one 8 µm box
    _, green, blue = (totals[1:] / totals[0] - 1).T
    assert np.abs(green).max() < 1e-3
    assert -0.05 < blue[0] < -0.02 and blue[1] > 0.1
