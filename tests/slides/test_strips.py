"""Images coded a strip at a time: the pixels, and where a standard library can say so the bytes, of the whole."""

import io
import zipfile

import numpy as np
import pytest
from annotation_files import OTHER, collection, feature, write
from level_files import cut
from PIL import Image
from region_images import mean_by
from slide_files import PIECES, draw_tissue, write_slide

from lowpower import files, rng
from lowpower.slides import strips
from lowpower.slides.downsampling import area_means, downsample_slide
from lowpower.slides.level_regions import read_level
from lowpower.slides.regions import Box, in_strips


def noise(height, width):
    return rng.generator(0, "strips", height, width).integers(0, 256, (height, width, 3)).astype(np.uint8)


def divided(image, rows):
    return (image[top : top + rows] for top in range(0, len(image), rows))


def joined(image, rows):
    return b"".join(strips.join_jpegs((files.encode(strip, 95) for strip in divided(image, rows)), len(image)))


SHAPES = [((96, 64), 32), ((100, 70), 8), ((333, 257), 40), ((8, 8), 8)]  # and rows of a strip


@pytest.mark.parametrize(("shape", "rows"), SHAPES)
def test_joined_strips_are_the_jpeg_that_pillow_writes_with_restart_markers(shape, rows):
    image, expected = noise(*shape), io.BytesIO()
    Image.fromarray(image).save(expected, "JPEG", quality=95, subsampling=0, restart_marker_rows=rows // 8)
    assert joined(image, rows) == expected.getvalue()
    assert np.array_equal(files.decode(joined(image, rows)), files.decode(files.encode(image, 95)))


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [1, 1000, 2**22])
@pytest.mark.parametrize(("shape", "rows"), SHAPES)
def test_a_jpeg_is_read_in_its_strips(monkeypatch, shape, rows, chunk):
    monkeypatch.setattr(strips, "CHUNK", chunk)  # markers lie across two chunks
    image = noise(*shape)
    size, found = strips.read_jpeg(io.BytesIO(joined(image, rows)))
    found = [np.asarray(strip) for strip in found]
    assert size == shape[::-1] and len(found) == -(-shape[0] // rows)
    assert np.array_equal(np.concatenate(found), files.decode(files.encode(image, 95)))


def test_a_jpeg_without_strips_is_read_whole():
    data = files.encode(noise(333, 257), 95)
    size, found = strips.read_jpeg(io.BytesIO(data))
    (image,) = found
    assert size == (257, 333) and np.array_equal(np.asarray(image), files.decode(data))


@pytest.mark.parametrize(("rows", "n"), [(8, 2), (24, 16), (8, 64), (192, 64)])
def test_area_means_of_strips_are_those_of_the_whole(rows, n):
    image = noise(192, 128)
    found = np.concatenate(list(area_means(map(Image.fromarray, divided(image, rows)), n)))
    assert np.array_equal(found, mean_by(image, n))


def test_area_means_of_strips_refuse_rows_that_are_left():
    with pytest.raises(ValueError, match="64 x 4 px cannot be reduced by 32"):
        list(area_means(map(Image.fromarray, divided(noise(100, 64), 8)), 32))


@pytest.mark.parametrize("rows", [1, 7, 100])
def test_a_png_of_strips_has_their_pixels(monkeypatch, rows):
    image = noise(100, 70)
    assert strips.encode_png(divided(image, rows), 70, 100) == files.encode(image)
    monkeypatch.setattr(strips, "WHOLE", 0)
    assert np.array_equal(files.decode(b"".join(strips.encode_png(divided(image, rows), 70, 100))), image)


@pytest.mark.parametrize("side", [4096, 8192, 65500])
def test_a_strip_is_no_larger_than_a_restart_interval_and_a_small_box_is_whole(side):
    found = in_strips(Box(x=-5, y=7, width=side, height=4096))
    assert sum(strip.height for strip in found) == 4096 and found[-1].y + found[-1].height == 4096 + 7
    if side == 4096:
        assert found == [Box(x=-5, y=7, width=side, height=4096)]
    else:
        assert all(-(-strip.width // 8) * strip.height // 8 <= strips.INTERVAL for strip in found)
        assert all(strip.height % 8 == 0 for strip in found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mpp", "unit", "reduction"), [(0.5, "tissue", 4), (0.4, "tissue", 4), (0.5, "annotation", 2), (0.5, "slide", 8)]
)
def test_a_slide_cut_in_strips_has_the_same_pixels(tmp_path, monkeypatch, mpp, unit, reduction):
    """Of regions with another piece in them, of an outline, and where a box filter makes the pixels (0.4 µm)."""
    path = write_slide(tmp_path / "a.svs", image=draw_tissue(1100, 1600, PIECES), mpp=mpp, reductions=(2, 4))
    outlines = collection(feature([[100, 100], [803, 131], [420, 717], [100, 100]]), feature(OTHER))
    annotation = write(tmp_path / "a.geojson", outlines) if unit == "annotation" else ""

    def images(name):
        how = cut(tmp_path / name, path=path, reduction=reduction, annotation=annotation, unit=unit)
        downsample_slide(tmp_path / name / "regions.zip", reduction, tmp_path / name / "low.zip")
        read_level(**how)
        found = []
        for zipped in ("regions", "low", "level"):
            with zipfile.ZipFile(tmp_path / name / f"{zipped}.zip") as archive:
                found += [archive.read(member) for member in archive.namelist()]
        return found, (tmp_path / name / "regions.csv").read_bytes()

    whole, table = images("whole")
    monkeypatch.setattr(strips, "WHOLE", 0)
    monkeypatch.setattr(strips, "INTERVAL", 200)  # of 64 to 160 blocks a row: strips of 8 to 24 rows
    in_parts, same_table = images("strips")
    assert len(whole) == len(in_parts) > 2 and same_table == table
    for one, other in zip(whole, in_parts, strict=True):
        assert one != other and np.array_equal(files.decode(one), files.decode(other))
