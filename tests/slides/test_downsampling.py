"""The area mean, and a slide's regions reduced by it."""

import zipfile

import numpy as np
import pytest
from region_images import mean_by

from lowpower import files, rng
from lowpower.slides.downsampling import area_mean, downsample_slide


@pytest.mark.parametrize("n", [1, 2, 3, 4, 16, 64])
def test_area_mean_is_the_rounded_mean_of_each_block(n):
    image = rng.generator(0, "reduce", n).integers(0, 256, (2 * n, 3 * n, 3)).astype(np.uint8)
    assert np.array_equal(area_mean(image, n), mean_by(image, n))


@pytest.mark.parametrize("n", [64, 258, 300])
def test_area_mean_of_white_is_white(n):
    # 258 x 255 is more than 16 bits hold
    assert (area_mean(np.full((n, n, 3), 255, np.uint8), n) == 255).all()


def test_area_mean_rounds_half_up():
    image = np.array([[[0], [1]], [[1], [0]]], np.uint8)
    assert area_mean(image, 2).tolist() == [[[1]]]
    assert area_mean(np.array([[[0], [0]], [[1], [0]]], np.uint8), 2).tolist() == [[[0]]]


def test_area_mean_refuses_sides_that_are_no_multiples():
    with pytest.raises(ValueError, match="10 x 8 px cannot be reduced by 4"):
        area_mean(np.zeros((8, 10, 3), np.uint8), 4)


def test_area_mean_commutes_with_flips_and_quarter_turns():
    image = rng.generator(0, "reduce", "turns").integers(0, 256, (32, 64, 3)).astype(np.uint8)
    for turned in (np.fliplr, np.flipud, np.rot90):
        assert np.array_equal(area_mean(turned(image), 4), turned(area_mean(image, 4)))


def test_reducing_twice_is_nearly_reducing_once():
    image = rng.generator(0, "reduce", "twice").integers(0, 256, (64, 64, 3)).astype(np.uint8)
    once, twice = area_mean(image, 4).astype(int), area_mean(area_mean(image, 2), 2).astype(int)
    assert np.abs(once - twice).max() <= 1


def test_a_reduced_region_is_the_mean_of_its_decoded_jpeg(tmp_path):
    images = [rng.generator(0, "regions", k).integers(0, 256, (64, 32 * k, 3)).astype(np.uint8) for k in (1, 2)]
    jpegs = [(f"{k:05d}.jpg", files.encode(image, 95)) for k, image in enumerate(images)]
    files.write_images(tmp_path / "high.zip", jpegs)
    downsample_slide(tmp_path / "high.zip", 4, tmp_path / "low.zip")
    with zipfile.ZipFile(tmp_path / "low.zip") as low:
        assert low.namelist() == ["00000.png", "00001.png"]
        for name, (_, jpeg) in zip(low.namelist(), jpegs, strict=True):
            assert np.array_equal(files.decode(low.read(name)), mean_by(files.decode(jpeg), 4))


def test_an_excluded_slide_stays_empty(tmp_path):
    files.write_images(tmp_path / "high.zip", [])
    downsample_slide(tmp_path / "high.zip", 4, tmp_path / "low.zip")
    assert zipfile.ZipFile(tmp_path / "low.zip").namelist() == []
