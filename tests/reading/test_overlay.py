"""The picture of where: colors, scale, legend, the same bytes, and a network without a map."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from evidence_files import CLASSES, picture_at, region_at
from PIL import Image

from lowpower.reading.colors import CLASS_COLORS, class_color, color_evidence, evidence_colors
from lowpower.reading.overlay import PREVIEW, Shown, bar_length, draw_panels, scale_of, write_overlay, write_preview

SHOWN = Shown(number=1, count=len(CLASSES), name=CLASSES[1])
FRAME = (0, 0, 600, 400)


def lightness(colors):
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def seen_by(colors, weights):
    """Colors as one sees them who lacks a kind of cones (Viénot, Brettel and Mollon 1999), in linear light."""
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    return linear @ np.array(weights).T


DEUTERANOPE = [[0.292, 0.708, 0], [0.292, 0.708, 0], [-0.022, 0.022, 1]]
PROTANOPE = [[0.112, 0.888, 0], [0.112, 0.888, 0], [0.004, -0.004, 1]]


def test_colors_darken_evenly_from_white_and_both_sides_stay_apart_in_any_color_vision():
    colors = evidence_colors() / 255
    assert (evidence_colors()[127:129] >= 254).all()
    light = lightness(colors)
    assert (np.diff(light[:128]) > -1e-9).all() and (np.diff(light[128:]) < 1e-9).all()
    assert (np.abs(np.cbrt(light[:128]) - np.cbrt(light[::-1][:128])) < 0.03).all()  # as dark for as against
    for weights in (DEUTERANOPE, PROTANOPE):
        seen = seen_by(colors, weights)
        assert np.abs(seen[0] - seen[-1]).max() > 0.2 and np.abs(seen[64] - seen[191]).max() > 0.2


def test_evidence_gets_its_color_and_beyond_the_scale_that_of_its_end():
    blue, white, orange = evidence_colors()[0], evidence_colors()[128], evidence_colors()[255]
    colored = color_evidence(np.array([[-9, -2, 0, np.nan, 2, 9]]), 2.0)[0]
    assert (colored == [blue, blue, white, white, orange, orange]).all()
    assert blue[2] > blue[0] and orange[0] > orange[2]


def test_classes_have_different_colors():
    assert len({class_color(k) for k in range(len(CLASS_COLORS))}) == len(CLASS_COLORS)
    assert class_color(len(CLASS_COLORS)) == class_color(0)


@pytest.mark.parametrize("largest, end", [(0.001, 0.1), (0.34, 0.4), (2.0, 2), (2.01, 3), (9.2, 10), (37, 40)])
def test_the_scale_ends_at_a_round_number(largest, end):
    assert scale_of(np.linspace(-largest, largest, 3).repeat(200)) == end


@pytest.mark.parametrize("um, bar", [(3000, 1000), (2999, 500), (700, 200), (30_000, 10_000), (3.1, 1)])
def test_the_scale_bar_is_a_round_length_of_at_most_a_third(um, bar):
    assert bar_length(um) == bar


def test_evidence_is_drawn_where_it_lies_and_pale_tissue_elsewhere():
    region = region_at(100, 100, 256, 128, 4, 8)
    for_it = replace(region, logits=np.zeros_like(region.logits))
    for_it.logits[1, :, :4], for_it.logits[1, :, 4:] = 3, -3
    panels = draw_panels(picture_at(FRAME, 300, 200), [for_it], SHOWN)
    pixels = np.asarray(panels.evidence).astype(int)
    left, right, beyond = pixels[60:100, 60:100], pixels[60:100, 130:170], pixels[150:190, 200:290]
    assert left[..., 0].mean() > left[..., 2].mean() + 40 and right[..., 2].mean() > right[..., 0].mean() + 40
    assert beyond.mean() > 200 and np.ptp(beyond.mean((0, 1))) > 15  # pale, still pink
    assert panels.scale == 2


def test_the_picture_has_both_panels_a_legend_and_a_bar_of_the_right_length(tmp_path):
    panels = draw_panels(picture_at(FRAME, 300, 200), [region_at(0, 0, 512, 256, 4, 8)], SHOWN)
    write_overlay(tmp_path / "a.png", panels, SHOWN, um_per_pixel=2.0)
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.info == {}
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    assert (pixels[16:216, 16:316] == np.asarray(panels.tissue)).all()
    assert (pixels[16:216, 328:628] == np.asarray(panels.evidence)).all()
    dark = (pixels[232:236, :320] < 60).all(2)
    assert dark.any(0).sum() == bar_length(600) / 2.0 == 100
    assert (pixels[236:, :316] < 100).any() and (pixels[260:, 328:] < 100).any()  # words


def test_equal_pictures_have_equal_bytes_and_the_preview_is_small(tmp_path):
    for name in ("a", "b"):
        panels = draw_panels(picture_at(FRAME, 560, 373), [region_at(0, 0, 512, 256, 4, 8)], SHOWN)
        write_overlay(tmp_path / f"{name}.png", panels, SHOWN, 2.0)
        write_preview(tmp_path / f"{name}.jpg", panels)
    for kind in ("png", "jpg"):
        assert (tmp_path / f"a.{kind}").read_bytes() == (tmp_path / f"b.{kind}").read_bytes()
    with Image.open(tmp_path / "a.jpg") as opened:
        assert opened.width == 2 * PREVIEW + 4
    assert (tmp_path / "a.jpg").stat().st_size < 40_000
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "a.png", "b.jpg", "b.png"]


def test_a_network_without_a_map_has_one_panel_and_says_so(tmp_path):
    region = replace(region_at(0, 0, 512, 256, 4, 8), logits=None)
    panels = draw_panels(picture_at(FRAME, 300, 200), [region], SHOWN)
    assert panels.evidence is None
    write_overlay(tmp_path / "a.png", panels, SHOWN, 2.0)
    write_preview(tmp_path / "a.jpg", panels)
    with Image.open(tmp_path / "a.png") as opened, Image.open(tmp_path / "a.jpg") as preview:
        pixels = np.asarray(opened.convert("RGB"))
        assert preview.width == PREVIEW
    assert (pixels[20:210, 332:620] == 255).all() and (pixels[230:260, 328:] < 100).any()


@pytest.mark.slow
def test_reading_starts_without_matplotlib():
    modules = ("evidence", "overlay", "qupath_geojson", "ome_overlay")
    code = f"import sys, {', '.join(f'lowpower.reading.{name}' for name in modules)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "lowpower.reading.overlay" in loaded and not {"matplotlib", "pandas", "torch", "snakemake"} & {*loaded}
