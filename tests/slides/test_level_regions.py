"""Regions read from the slide's own stored level: which level, which field, and what differs from area means."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile
from annotation_files import OTHER, SQUARE, collection, feature, write
from hypothesis import given, settings
from hypothesis import strategies as some
from level_files import WAVE, cut, emptied, write_levels
from project_paths import ROOT
from region_images import mean_by, read_images
from slide_files import PIECES, draw_tissue, write_slide

from lowpower import files
from lowpower.errors import InputError
from lowpower.slides.level_regions import finer_level, read_box, read_level, whiten
from lowpower.slides.regions import Box
from lowpower.slides.resampling import Scale, choose_scale
from lowpower.slides.slide import open_slide


def read_both(folder, path, reduction, **how):
    """A slide's regions by area means and from its level, and what was read."""
    read_level(**cut(folder, path, reduction, **how))
    images = (read_images(folder / f"{name}.zip") for name in ("low", "level"))
    return *images, files.read_json(folder / "level.json")


THREE = [(8000, 4000), (4000, 2000), (1000, 500)]


@pytest.mark.parametrize(
    ("sizes", "reduction", "level", "shrink"),
    [
        (THREE, 8, 2, 1),
        (THREE, 4, 1, 2),
        (THREE, 48, 2, 6),
        (THREE, 5, 1, 2.5),
        (THREE, 7.9, 2, 7.9 / 8),  # enlarged by 1 %: within the 2 % by which a scale is taken for another
        (THREE, 7.8, 1, 3.9),
        ([(8000, 4000)], 32, 0, 32),
        ([(4443, 3567), (2221, 1783)], 2, 1, 1),  # a real slide's: half of it, rounded down
        ([(718, 514), (359, 257), (179, 128)], 4, 2, 1),  # another's: OpenSlide's downsample is 4.013
        ([(100_000, 1_000), (6_250, 62)], 16, 1, 1),  # and here 16.06, for the rounded height alone
        ([(8080, 4040), (4000, 2000)], 2, 1, 2 / 2.02),  # whole steps would end 40 pixels from where they should
    ],
)
def test_the_nearest_finer_level_is_read_in_whole_steps_where_they_fit(sizes, reduction, level, shrink):
    downsamples = [(sizes[0][0] / w + sizes[0][1] / h) / 2 for w, h in sizes]
    found = finer_level(sizes, downsamples, reduction)
    assert found == Scale(level, downsamples[level], shrink if isinstance(shrink, int) else pytest.approx(shrink))
    assert isinstance(found.shrink, int) == isinstance(shrink, int)


def test_no_level_is_enlarged():
    with pytest.raises(ValueError, match="would enlarge the slide's own pixels"):
        finer_level([(100, 100)], [1.0], 0.9)


SLIDES = {
    "20x": ((1600, 1440), [1, 4, 16], 0.5),
    "40x": ((1600, 1440), [1, 4, 16], 0.25),
    "one level": ((1600, 1440), [1], 0.5),
    "sizes rounded down": ((1598, 1437), [1, 2, 4, 8], 0.25),
    "levels between": ((1600, 1440), [1, 1600 / 790, 6.4], 0.5),
    "pixels between": ((1600, 1440), [1, 4], 0.23),
}


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("levels")
    return {name: write_levels(folder / f"{k}.tif", *how) for k, (name, how) in enumerate(SLIDES.items())}


@pytest.mark.slow
@settings(max_examples=80, deadline=None)
@given(
    name=some.sampled_from(sorted(SLIDES)),
    n=some.sampled_from([2, 4, 8, 16]),
    corner=some.tuples(some.integers(-40, 150), some.integers(-40, 150)),
)
def test_a_level_shows_the_field_of_the_teachers_box(slides, name, n, corner):
    """Each pixel has the color of the place where the teacher's n x n pixels lie, up to half a stored pixel."""
    box = Box(*corner, 128, 96)
    with open_slide(slides[name]) as slide:
        teacher = choose_scale(slide.level_downsamples, 1 / SLIDES[name][2])
        scale = finer_level(slide.level_dimensions, slide.level_downsamples, teacher.reduction * n)
        found = read_box(slide, scale, box, n=n).astype(int)
    assert found.shape == (96 // n, 128 // n, 3)
    y, x = (np.mgrid[: 96 // n, : 128 // n] + 0.5) * n
    x, y = ((at + start) * teacher.reduction for at, start in zip((x, y), corner, strict=True))
    on = np.ones(x.shape, bool)
    half, sizes = teacher.reduction * n / 2 + scale.downsample, SLIDES[name][0]
    for at, side in zip((x, y), sizes, strict=True):
        on &= (at > half) & (at < side - half)  # all of it on the slide
    angles = [place / WAVE * 2 * np.pi for place in (x, y, x + y)]
    fields = [c + 60 * f(a) for c, f, a in zip((150, 90, 130), (np.sin, np.sin, np.cos), angles, strict=True)]
    shift = scale.downsample / 2 + 0.5  # of level 0: half a stored pixel, and what OpenSlide rounds corners to
    steep = 60 * 2 * np.pi / WAVE * shift * 2  # the third color changes along both sides
    flatter = 60 * (2 * np.pi / WAVE * teacher.reduction * n) ** 2 / 12  # a mean over so wide a pixel
    assert not on.any() or np.abs(found - np.stack(fields, -1))[on].max() <= steep + flatter + 2


@pytest.mark.slow
@pytest.mark.parametrize("mpp, reductions", [(0.5, ()), (0.5, (4, 8)), (0.25, (4, 16)), (0.5, (2, 4))])
def test_where_levels_are_area_means_regions_differ_by_their_rounding_and_jpeg_only(tmp_path, mpp, reductions):
    image = draw_tissue(1152, 1216, PIECES)
    low, level, read = read_both(
        tmp_path, write_slide(tmp_path / "a.svs", image=image, mpp=mpp, reductions=reductions), 4
    )
    rows = files.read_rows(tmp_path / "regions.csv")
    assert list(low) == list(level) == [row["member"].replace("jpg", "png") for row in rows] and len(rows) >= 2
    n = round(4 / mpp)
    padded = np.pad(image, ((1024, 1024), (1024, 1024), (0, 0)), constant_values=255)
    for row, (name, found) in zip(rows, level.items(), strict=True):
        x, y, width, height = (int(row[key]) for key in ("x", "y", "width", "height"))
        assert found.shape == low[name].shape == (height // n, width // n, 3)
        own = found.min(-1) < 255  # other pieces are whitened, in both
        assert np.abs(found.astype(int) - low[name]).mean() < 1 and np.abs(found.astype(int) - low[name]).max() <= 6
        exact = mean_by(padded[1024 + y : 1024 + y + height, 1024 + x : 1024 + x + width], n)
        assert np.abs(found.astype(int) - exact)[own].max() <= (
            read["resampling"] not in ("as stored", f"mean {n}x{n}")
        )
    assert read["regions"] == len(rows) and read["mpp"] == 4.0
    whole = {(): (0, 1, f"mean {n}x{n}"), (2, 4): (2, 4, "mean 2x2")}
    expected = whole.get(reductions, (2, reductions[-1] if reductions else 1, "as stored"))
    assert (read["level"], read["level_downsample"], read["resampling"]) == expected


@pytest.mark.slow
def test_the_line_of_an_annotation_is_whitened_as_in_the_area_mean(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1200, [(-500, -500, 2200, 2300)]), reductions=(4, 8))
    drawn = write(tmp_path / "a.geojson", collection(feature(SQUARE), feature(OTHER[:3], name="normal")))
    low, level, read = read_both(tmp_path, path, 4, unit="annotation", annotation=drawn)
    assert len(level) == 2 and read["resampling"] == "as stored"
    for name, found in level.items():
        white = (low[name] > 250).all(-1)
        assert white.any() and np.abs(found.astype(int) - low[name])[white].max() <= 5
        assert (
            np.abs(found.astype(int) - low[name]).mean() < 2
        )  # pixels on the line: tissue in part, of the whole pixel


@given(some.integers(1, 4), some.integers(0, 2**32 - 1))
def test_whitening_is_the_mean_of_whitened_pixels_of_one_color(n, seed):
    random = np.random.default_rng(seed)
    color, foreign = random.integers(0, 256, 3), random.random((3 * n, 2 * n)) < 0.4
    fine = np.tile(color, (3 * n, 2 * n, 1)).astype(np.uint8)
    pixels = mean_by(fine, n)
    whiten(pixels, foreign, n)
    fine[foreign] = 255
    assert np.array_equal(pixels, mean_by(fine, n))


def test_an_excluded_slide_gives_an_empty_zip(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(600, 600, []))
    low, level, read = read_both(tmp_path, path, 4)
    assert low == level == {}
    assert read == {"slide": "s", "regions": 0} | dict.fromkeys(
        ("level", "level_downsample", "resampling", "mpp", "reader")
    )


@pytest.mark.slow
def test_equal_runs_give_equal_bytes_and_regions_larger_than_a_strip_are_whole(tmp_path, monkeypatch):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1152, 1216, PIECES), reductions=(2,))
    made = cut(tmp_path, path, 4)
    written = []
    for strip in (8_000_000, 8_000_000, 3_000):
        monkeypatch.setattr("lowpower.slides.level_regions.STRIP", strip)
        read_level(**made)
        written.append(made["images"].read_bytes())
    assert written[0] == written[1] == written[2]


def spoiled(path):
    with tifffile.TiffFile(path) as file:
        page = file.pages[1]
        places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    with open(path, "r+b") as file:
        for offset, count in places:
            file.seek(offset)
            file.write(b"\x5a" * count)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (spoiled, "slide 's', level 1, to be read at 2.5x (4.0 µm/px): the file cannot be read, it is damaged"),
        (emptied, "slide 's', level 1, to be read at 2.5x (4.0 µm/px): it is empty where there should be tissue"),
        (lambda path: path.unlink(), "slide 's', to be read at 2.5x (4.0 µm/px): there is no file at the sheet's path"),
    ],
)
def test_a_level_that_cannot_be_read_is_named_with_what_to_write(tmp_path, fault, said):
    path = write_levels(tmp_path / "a.tif", size=(1600, 1440), downsamples=[1, 4], mpp=0.5)
    made = cut(tmp_path, path, 4)
    fault(path)
    with pytest.raises(InputError) as caught:
        read_level(**made)
    assert said in str(caught.value) and str(tmp_path) not in str(caught.value)
    assert "leave `level` out of the config's `pixels`, or write a reason into the sheet's `exclude`" in str(
        caught.value
    )
    assert not made["images"].exists() and not made["read"].exists()


@pytest.mark.slow
def test_the_benchmark_finds_area_means_as_sharp_as_area_means_and_pixels_between_them_less(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1200, PIECES), reductions=(4,))
    run = subprocess.run([sys.executable, ROOT / "bench/level_pixels.py", path], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert (found["level"], found["resampling"], found["fields"]) == (1, "as stored", 9)
    percent = found["sharpness_percent"]
    assert percent["read"] == percent["stored"] == 0 and percent["between"] < -20
    assert all(found[cost]["level"] < found[cost]["level 0"] for cost in ("seconds", "megabytes"))


@pytest.mark.slow
def test_a_real_level_read_between_its_pixels_is_less_sharp_than_area_means(shared, tmp_path):
    path = shared / "data/slides/tcga-cr-7395-01a-01-ts1.svs"
    low, level, read = read_both(tmp_path, path, 2, mpp=0.25, magnification=40, max_side_um=400)
    assert (read["level"], read["resampling"], read["mpp"]) == (1, "as stored", pytest.approx(0.5, rel=1e-3))
    sharpness = [
        np.mean([np.abs(np.diff(image.mean(-1))).mean() for image in images.values()]) for images in (low, level)
    ]
    assert 0.7 < sharpness[1] / sharpness[0] < 0.95
