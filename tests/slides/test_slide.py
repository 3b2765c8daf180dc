"""Slides opened, believed or excluded, and read at a scale."""

import re
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from region_images import mean_by
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import files, log, rng
from lowpower.errors import InputError
from lowpower.slide_state import CheckedSlide, Level, TiledSlide
from lowpower.slides import resampling
from lowpower.slides.downsampling import downsample_slide
from lowpower.slides.resampling import Scale, choose_scale, read_area
from lowpower.slides.slide import open_slide


def noise(height, width):
    return rng.generator(0, "slide", height, width).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("downsamples", "reduction", "expected"),
    [
        ([1], 1, Scale(0, 1, 1)),
        ([1], 2.004, Scale(0, 1, 2)),  # 0.499 µm at 10x
        ([1], 0.985, Scale(0, 1, 1)),  # less than 2 % too coarse
        ([1, 4, 16], 4, Scale(1, 4, 1)),
        ([1, 3.9998, 16], 4, Scale(1, 3.9998, 1)),  # not truncated to 3
        ([1, 4.05, 16], 4, Scale(1, 4.05, 1)),  # 1.2 % too coarse
        ([1, 4.2, 16], 4, Scale(0, 1, 4)),  # 5 %: would be enlarged
        ([1, 2, 4], 3, Scale(0, 1, 3)),  # a mean is worth reading more
        ([1, 4, 16], 32, Scale(2, 16, 2)),
        ([1, 4, 16], 35.2, Scale(2, 16, 2.2)),  # but not all of level 0 for a mean of 35 x 35
        ([1], 1.5, Scale(0, 1, 1.5)),
    ],
)
def test_the_level_that_is_read(downsamples, reduction, expected):
    scale = choose_scale(downsamples, reduction)
    assert scale == expected
    assert type(scale.shrink) is type(expected.shrink)


def test_no_level_is_enlarged_by_more_than_2_percent():
    with pytest.raises(ValueError, match="enlarge"):
        choose_scale([1, 4], 0.97)


def test_a_scale_says_how_pixels_are_made():
    assert [Scale(0, 1, n).resampling for n in (1, 2, 1.98)] == ["as stored", "mean 2x2", "box 1.98"]
    assert Scale(1, 3.9998, 2).reduction == 7.9996


def test_an_area_is_the_exact_mean_and_white_outside(tmp_path, monkeypatch):
    image = noise(600, 800)
    padded = np.full((1200, 1400, 3), 255, np.uint8)
    padded[300:900, 300:1100] = image
    with open_slide(write_slide(tmp_path / "a.svs", image)) as slide:
        for x, y, width, height in [(0, 0, 100, 50), (-50, -40, 80, 80), (150, 130, 120, 70)]:
            part = padded[300 + 4 * y : 300 + 4 * (y + height), 300 + 4 * x : 300 + 4 * (x + width)]
            assert np.array_equal(
                read_area(slide, Scale(0, 1, 4), x=x, y=y, width=width, height=height), mean_by(part, 4)
            )
        whole = read_area(slide, Scale(0, 1, 4), x=-20, y=-20, width=300, height=200)
        monkeypatch.setattr(resampling, "STRIP", 10_000)
        assert np.array_equal(read_area(slide, Scale(0, 1, 4), x=-20, y=-20, width=300, height=200), whole)


@pytest.mark.slow
def test_a_level_is_read_as_it_is(tmp_path):
    image = draw_tissue(2046, 2046, [(1000, 1200, 400, 600)])
    with open_slide(write_slide(tmp_path / "a.svs", image)) as slide:
        scale = choose_scale(slide.level_downsamples, 4)
        assert scale == Scale(1, 2046 / 512, 1)  # 3.996, which is neither 3 nor 4
        area = read_area(slide, scale, x=290, y=230, width=180, height=140)
    expected = mean_by(image[: 4 * 511, : 4 * 511], 4)[230:370, 290:470].astype(int)
    assert np.abs(area - expected).mean() < 2  # between two pixels by up to half of one of level 0


def test_a_scale_that_is_not_whole_is_box_filtered(tmp_path):
    ramp = np.repeat(np.arange(0, 240, dtype=np.uint8)[None, :, None], 240, axis=0).repeat(3, axis=2)
    with open_slide(write_slide(tmp_path / "a.svs", ramp, reductions=())) as slide:
        area = read_area(slide, Scale(0, 1, 2.5), x=8, y=4, width=40, height=40)
    assert area.shape == (40, 40, 3)
    expected = (8 + np.arange(40) + 0.5) * 2.5 - 0.5  # the middle of each pixel
    assert np.abs(area[20, :, 0] - expected).max() <= 1


@pytest.mark.slow
def test_a_usable_slide(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1600, [(300, 300, 400, 600)]), reductions=(4, 8))
    state, *_ = cut_slide(tmp_path / "out", path, slide="07")
    assert re.fullmatch("[0-9a-f]{16}", state.pop("content"))
    assert state == {
        "slide": "07", "step": "check_slide", "state": "usable", "reason": "", "warnings": [], "vendor": "aperio",
        "width": 1600, "height": 1100,
        "levels": [
            {"width": 1600, "height": 1100, "downsample": 1.0},
            {"width": 400, "height": 275, "downsample": 4.0},
            {"width": 200, "height": 138, "downsample": 7.985507},
        ],
        "mpp": 0.5, "mpp_source": "slide", "objective_power": 20.0,
    }  # fmt: skip


def test_the_sheet_can_exclude_a_slide(tmp_path):
    states = cut_slide(tmp_path / "out", tmp_path / "none.svs", exclude="out of focus")
    assert {state["reason"] for state in states} == {"the sheet excludes it: out of focus"}


@pytest.mark.slow
def test_each_step_says_in_one_line_what_came_of_it(tmp_path, capsys):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1600, [(300, 300, 400, 600)]), reductions=())
    cut_slide(tmp_path, path, slide="S001")
    downsample_slide(tmp_path / "regions.zip", 4, tmp_path / "low/S001.zip")
    assert capsys.readouterr().err.splitlines() == [
        "S001: 1,600 x 1,100 px at 0.5 µm/px (slide), aperio",
        "S001: 0.05 mm² of tissue",
        "S001: 1 region at 10x (1.0 µm/px), 0.05 mm²",
        "S001: 1 region reduced, 4 x 4 pixels to one",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pieces", "how", "said"),
    [
        ([], {"exclude": "out of focus"}, "S001 is excluded (check_slide): the sheet excludes it: out of focus"),
        ([], {}, "S001 is excluded (mask_tissue): no tissue of"),
        ([(300, 300, 400, 600)], {"magnification": 40}, "S001 is excluded (tile_slide): its pixels are 0.5 µm wide"),
    ],
)
def test_an_excluded_slide_is_said_once(tmp_path, capsys, pieces, how, said):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1600, pieces), reductions=())
    cut_slide(tmp_path, path, slide="S001", **how)
    downsample_slide(tmp_path / "regions.zip", 4, tmp_path / "low/S001.zip")
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "excluded" in line or "reduced" in line]
    assert line.startswith(said)


def test_a_long_slide_says_how_far_it_is(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(log, "time", SimpleNamespace(monotonic=count(0, 20).__next__))  # 20 s from look to look
    path = write_slide(tmp_path / "a.svs", draw_tissue(700, 700, [(100, 100, 500, 500)]), reductions=())
    cut_slide(tmp_path, path, slide="S001", unit="grid")
    downsample_slide(tmp_path / "regions.zip", 2, tmp_path / "low/S001.zip")
    said = capsys.readouterr().err
    assert "S001: regions cut: 2 of 3, 0.0333/s, 30 s left" in said
    assert "S001: regions reduced: 2 of 3" in said


def test_once_excluded_a_slide_keeps_step_and_reason():
    usable, excluded = CheckedSlide("a"), CheckedSlide("a", reason="no mpp")
    assert TiledSlide("a", reason="damaged").after(usable) == TiledSlide("a", "tile_slide", "damaged")
    assert TiledSlide("a", regions=2).after(excluded) == TiledSlide("a", "check_slide", "no mpp", regions=2)
    assert [TiledSlide("a").after(state).state for state in (usable, excluded)] == ["usable", "excluded"]


def test_a_state_is_read_as_it_was_written(tmp_path):
    state = CheckedSlide("a", warnings=("x",), levels=(Level(4, 2, 1.0),), mpp=0.5)
    state.write(tmp_path / "a.json")
    assert CheckedSlide.read(tmp_path / "a.json") == state
    values = files.read_json(tmp_path / "a.json")
    assert list(values)[:6] == ["slide", "step", "state", "reason", "warnings", "content"]
    assert values["levels"] == [{"width": 4, "height": 2, "downsample": 1.0}]
    for strange in ({"step": "check_slide"}, values | {"micron": 1}):
        files.write_json(tmp_path / "b.json", strange)
        with pytest.raises(InputError, match=r"b\.json is not a state that check_slide wrote"):
            CheckedSlide.read(tmp_path / "b.json")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "how", "regions", "step", "reason"),
    [
        ("cmu-1-small-region.svs", {}, 1, "tile_slide", ""),
        ("tcga-cr-7395-01a-01-ts1.svs", {}, 0, "check_slide", "no mpp"),
        ("tcga-cr-7395-01a-01-ts1.svs", {"mpp": 0.25}, 1, "tile_slide", ""),
        ("CMU-0-small.tiff", {}, 0, "tile_slide", "too coarse for 10x .*teacher_magnification to 3.13 or less"),
        ("CMU-0-small.tiff", {"magnification": 2.5}, 4, "tile_slide", ""),
        ("broken.svs", {}, 0, "check_slide", "does not support"),
        ("kidney-48-5.tif", {}, 0, "check_slide", "no mpp"),
    ],
)
def test_real_slides(tmp_path, shared, name, how, regions, step, reason):
    *_, tiled = cut_slide(tmp_path, shared / "data/slides" / name, min_area_um2=10000, **how)
    assert (tiled["regions"], tiled["step"], tiled["state"]) == (regions, step, "excluded" if reason else "usable")
    assert re.search(reason, tiled["reason"])
