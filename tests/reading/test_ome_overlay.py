"""The OME-TIFF of evidence: axes, scale, channels, levels, values at their place, and the same bytes."""

from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from evidence_files import CLASSES, region_at

from lowpower.reading.evidence import evidence_of
from lowpower.reading.ome_overlay import FINER, LEVELS, write_ome

MPP, CORNER, END = 0.25, (1000.0, 400.0), (41000.0, 20400.0)  # of level 0; 10 x 5 mm
STEP = 512  # pixels of level 0 per position: 128 µm, so 32 per pixel of the file


@pytest.fixture
def written(tmp_path):
    def write(name, regions):
        frame = (*CORNER, *END)
        write_ome(tmp_path / name, regions, CLASSES, frame, mpp=MPP, position_um=STEP * MPP)
        return tmp_path / name

    return write


def test_channels_scale_and_levels_are_those_of_an_ome_tiff(written):
    path = written("a.ome.tif", [region_at(1000, 400, 4 * STEP, 2 * STEP, 2, 4)])
    with tifffile.TiffFile(path) as tiff:
        (series,) = tiff.series
        assert tiff.is_ome and series.axes == "CYX" and series.dtype == np.float32
        assert [level.shape for level in series.levels] == [(3, 160, 316), (3, 80, 158), (3, 40, 79)]
        assert len(series.levels) == LEVELS and all(level.keyframe.is_tiled for level in series.levels)
        assert series.levels[0].keyframe.subifds
        xml = ElementTree.fromstring(tiff.ome_metadata)
        assert not {"DateTime", "Software"} & {tag.name for tag in tiff.pages[0].tags}
    for element in xml.iter():
        element.tag = element.tag.rpartition("}")[2]
    pixels = xml.find("Image/Pixels")
    um = STEP * MPP / FINER
    assert (float(pixels.get("PhysicalSizeX")), pixels.get("PhysicalSizeXUnit")) == (um, "µm")
    assert float(pixels.get("PhysicalSizeY")) == um == 32
    assert [channel.get("Name") for channel in pixels.iter("Channel")] == CLASSES
    across, down = ((END[k] - CORNER[k]) * MPP / um for k in (0, 1))  # the extent of the slide, or a little more
    assert across <= int(pixels.get("SizeX")) < across + 4 and down <= int(pixels.get("SizeY")) < down + 4


def test_values_are_those_of_the_map_at_their_place_on_every_level(written):
    region = region_at(1000 + 8 * STEP, 400 + 4 * STEP, 4 * STEP, 2 * STEP, 2, 4)
    path = written("a.ome.tif", [region])
    finest, middle, coarsest = (tifffile.imread(path, level=level) for level in range(LEVELS))
    inside = finest[:, 4 * FINER : 6 * FINER, 8 * FINER : 12 * FINER]
    assert not np.isnan(inside).any() and (~np.isnan(finest)).sum() == inside.size
    # the first position reaches half as far: to the border between the second and third of its four pixels
    expected = evidence_of(region.logits)
    columns = [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3]
    assert (inside == expected[:, [0, 0, 1, 1, 1, 1, 1, 1]][:, :, columns]).all()
    assert middle[:, 8:12, 16:24] == pytest.approx(inside.reshape(3, 4, 2, 8, 2).mean((2, 4)), abs=1e-6)
    assert coarsest[:, 4:6, 8:12] == pytest.approx(inside.reshape(3, 2, 4, 4, 4).mean((2, 4)), abs=1e-6)
    assert (~np.isnan(coarsest)).sum() == 3 * 2 * 4


def test_beside_a_region_a_coarse_pixel_is_the_mean_of_what_is_known(written):
    region = region_at(1000 + STEP // FINER, 400, STEP, STEP, 1, 1)  # begins one pixel of the file further right
    path = written("a.ome.tif", [region])
    coarsest = tifffile.imread(path, level=LEVELS - 1)
    assert coarsest[:, 0, :2] == pytest.approx(np.repeat(evidence_of(region.logits)[:, 0], 2, 1), abs=1e-6)


def test_equal_evidence_gives_equal_bytes_and_no_leftover(written, tmp_path):
    region = region_at(1000, 400, 4 * STEP, 2 * STEP, 2, 4)
    assert written("a.ome.tif", [region]).read_bytes() == written("b.ome.tif", [region]).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ome.tif", "b.ome.tif"]
