"""Slides read by tifffile: OpenSlide's pixels where both can, the stored ones where it cannot, a reason otherwise."""

import numpy as np
import openslide
import pytest
import tifffile
from format_files import KIND, SCALE, levels_of, write_dicom, write_leica
from slide_files import cut_slide, draw_tissue, write_slide

from lowpower import files
from lowpower.slides import tiff_tiles
from lowpower.slides.excluded_slide import ExcludedSlide
from lowpower.slides.slide import fingerprint_slide, open_slide
from lowpower.slides.slide_reader import PlainReader, Slide
from lowpower.slides.tiff_slide import TiffSlide

IMAGE = draw_tissue(1024, 1536, [(300, 400, 400, 600)])
BOXES = [(0, 0, 256, 256), (130, 70, 300, 150), (-40, -30, 100, 90), (360, 230, 90, 80), (1500, 1000, 60, 50)]
OUTSIDE = [(-300, 20, 100, 100), (5000, 5000, 60, 50), (100, 1030, 60, 50)]


def write(path, image=IMAGE, compression="jpeg", **how):
    """A plain tiled TIFF of two levels."""
    kind = KIND | {"compression": compression, "software": False} | SCALE | how
    with tifffile.TiffWriter(path, bigtiff=path.name.startswith("big")) as out:
        for number, level in enumerate(levels_of(image)):
            out.write(level, subfiletype=int(number > 0), **kind)
    return path


def with_alpha(path):
    alpha = np.full(IMAGE.shape[:2], 255, np.uint8)
    alpha[:300, :300] = 0
    levels = [IMAGE, levels_of(IMAGE)[1]]
    with tifffile.TiffWriter(path) as out:
        for number, (level, n) in enumerate(zip(levels, (1, 4), strict=True)):
            kind = KIND | {"compression": "zlib", "extrasamples": ["unassalpha"], "subfiletype": int(number > 0)}
            out.write(np.dstack([level, alpha[::n, ::n]]), **kind, **SCALE)
    return path


def sparse(path):
    """Tiles in which a scanner saw nothing."""
    write(path, compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        for page, empty in zip(tiff.pages, ({0, 1, 9, 23}, {1}), strict=True):
            counts = [0 if index in empty else count for index, count in enumerate(page.databytecounts)]
            page.tags["TileByteCounts"].overwrite(counts)
    return path


BOTH = {
    "JPEG": lambda f: write(f / "a.tif"),
    "JPEG, subsampled": lambda f: write(f / "a.tif", subsampling=(2, 2)),
    "JPEG, of RGB": lambda f: write(f / "a.tif", compressionargs={"outcolorspace": "rgb"}),
    "BigTIFF": lambda f: write(f / "big.tif"),
    **{name: lambda f, name=name: write(f / "a.tif", compression=name) for name in ("zlib", "lzw", "packbits", "zstd")},
    "predictor": lambda f: write(f / "a.tif", compression="zlib", predictor=True),
    "as it is": lambda f: write(f / "a.tif", compression=None),
    "alpha": lambda f: with_alpha(f / "a.tif"),
    "sparse": lambda f: sparse(f / "a.tif"),
    "Aperio": lambda f: write_slide(f / "a.svs", IMAGE),
    "Aperio, JPEG": lambda f: write_slide(f / "a.svs", IMAGE, compression="jpeg"),
    "Aperio, JPEG 2000": lambda f: write_slide(f / "a.svs", IMAGE, compression=33005),
}


def filled(reader, x, y, width, height):
    out = np.empty((height, width, 3), np.uint8)
    reader.fill(out, x, y)
    return out


@pytest.mark.slow
@pytest.mark.parametrize(("name", "cache"), [*((name, tiff_tiles.CACHE) for name in BOTH), ("JPEG", 1), ("zlib", 1)])
def test_the_pixels_are_openslides_where_both_can(tmp_path, monkeypatch, name, cache):
    path = BOTH[name](tmp_path)
    monkeypatch.setattr(tiff_tiles, "CACHE", cache)
    with Slide(path) as theirs, TiffSlide(path) as mine:
        for said in ("dimensions", "level_count", "level_dimensions", "level_downsamples"):
            assert getattr(mine, said) == getattr(theirs, said), said
        for said in ("mpp-x", "mpp-y", "objective-power", "level[0].tile-width", "level[1].tile-height"):
            mine_said, theirs_said = (slide.properties.get(f"openslide.{said}") for slide in (mine, theirs))
            assert mine_said == theirs_said or float(mine_said) == pytest.approx(float(theirs_said)), said
        for level in range(mine.level_count):
            for box in BOXES + OUTSIDE:
                pixels = filled(PlainReader(theirs, level), *box)
                assert np.array_equal(filled(mine.reader(level), *box), pixels), (level, box)
                if name == "alpha":  # which is laid on white here
                    continue
                n, (x, y, *size) = int(mine.level_downsamples[level]), box
                regions = [np.asarray(slide.read_region((x * n, y * n), level, size)) for slide in (mine, theirs)]
                assert np.array_equal(*(region[..., 3] for region in regions)), (level, box)
                seen = regions[1][..., 3] == 255
                assert np.array_equal(*(region[seen] for region in regions)), (level, box)


COMPRESSIONS = {name: {} for name in ("jpegxl", "lerc", "png", "jpeg2000", 33004, 33005)} | {
    "webp": {"lossless": True},
    "jpegxr": {"level": 100},
}


@pytest.mark.slow
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_compressions_that_openslide_lacks_give_the_stored_pixels(tmp_path, compression):
    path = write(tmp_path / "a.tif", compression=compression, compressionargs=COMPRESSIONS[compression])
    with pytest.raises(openslide.OpenSlideError, match="Unsupported TIFF compression"):
        Slide(path)
    with open_slide(path) as slide:
        assert (slide.level_dimensions, slide.level_downsamples) == (((1536, 1024), (384, 256)), (1, 4))
        for level, stored in enumerate(levels_of(IMAGE)):
            for x, y, width, height in BOXES + OUTSIDE:
                expected = np.full((height, width, 3), 255, np.uint8)
                left, top = max(0, x), max(0, y)
                part = stored[top : max(0, y + height), left : max(0, x + width)]
                expected[top - y : top - y + part.shape[0], left - x : left - x + part.shape[1]] = part
                assert np.array_equal(filled(slide.reader(level), x, y, width, height), expected)
    checked, *_, tiled = cut_slide(tmp_path / "out", path)
    assert (checked["vendor"], checked["mpp"], tiled["state"], tiled["regions"]) == ("tiff", 0.5, "usable", 1)
    assert {row["reader"] for row in files.read_rows(tmp_path / "out/regions.csv")} == {"tifffile"}
    cut_slide(tmp_path / "zlib", write(tmp_path / "b.tif", compression="zlib"))
    for made in ("regions.zip", "mask.png", "overview.jpg"):
        assert (tmp_path / "out" / made).read_bytes() == (tmp_path / "zlib" / made).read_bytes()


@pytest.mark.slow
def test_an_aperio_file_keeps_its_scale_and_objective_in_any_compression(tmp_path):
    checked, *_ = cut_slide(tmp_path / "out", write_slide(tmp_path / "a.svs", IMAGE, compression="webp"))
    assert (checked["vendor"], checked["mpp"], checked["objective_power"]) == ("aperio", 0.5, 20)
    assert len(checked["levels"]) == 2  # the thumbnail is none


def write_ome(path, *, label=False, scans=1, **kind):
    kind = {"tile": (256, 256), "photometric": "rgb", "compression": "jpeg"} | kind
    scale = (
        {"axes": "YXS"}
        | {f"PhysicalSize{axis}": 0.5 for axis in "XY"}
        | {f"PhysicalSize{axis}Unit": "µm" for axis in "XY"}
    )
    with tifffile.TiffWriter(path, ome=True) as out:
        if label:
            out.write(np.zeros((256, 256, 3), np.uint8), metadata={"axes": "YXS", "Name": "label"}, **kind)
        for _ in range(scans):
            out.write(IMAGE, subifds=1, metadata=scale, **kind)
            out.write(levels_of(IMAGE)[1], subfiletype=1, **kind)
    return path


@pytest.mark.parametrize("label", [False, True])
def test_an_ome_tiff_has_its_levels_and_is_not_its_label(tmp_path, label):
    path = write_ome(tmp_path / "a.ome.tif", label=label)
    with Slide(path) as slide:  # OpenSlide has no levels of it, or the label alone
        assert slide.level_dimensions == (((256, 256),) if label else ((1536, 1024),))
    with open_slide(path) as slide:
        assert slide.level_dimensions == ((1536, 1024), (384, 256))
        decoded = [filled(slide.reader(level), 0, 0, *slide.level_dimensions[level]) for level in (0, 1)]
    same = write(tmp_path / "same.tif")  # the same JPEG tiles, as a file of OpenSlide's
    with Slide(same) as slide:
        for level in (0, 1):
            assert np.array_equal(
                decoded[level], filled(PlainReader(slide, level), 0, 0, *slide.level_dimensions[level])
            )
    checked, *_, tiled = cut_slide(tmp_path / "out", path, magnification=2.5, multiple=32)
    assert (checked["vendor"], checked["mpp"], checked["mpp_source"]) == ("ome-tiff", 0.5, "slide")
    assert tiled["state"] == "usable" and checked["warnings"] == []
    assert {row["level"] for row in files.read_rows(tmp_path / "out/regions.csv")} == {"1"}


def write_images(path, *images):
    with tifffile.TiffWriter(path) as out:
        for image in images:
            out.write(image, compression="jpeg", **KIND, **SCALE)
    return path


@pytest.mark.parametrize(
    ("write_file", "images"),
    [
        (lambda path: write_ome(path, scans=2), 2),
        (lambda path: write_images(path, IMAGE, IMAGE, IMAGE), 3),  # focal planes
        (lambda path: write_images(path, IMAGE, IMAGE[:800].copy()), 2),
        (lambda path: write_images(path, IMAGE, IMAGE[::2, ::2].copy()), 1),  # a level that is not called one
        (lambda path: write_ome(path, label=True), 1),
        (lambda path: write_slide(path, IMAGE, reductions=(2,), compression="jpeg"), 1),
    ],
)
def test_what_a_file_holds_beside_the_slide_is_said(tmp_path, write_file, images):
    checked, *_ = cut_slide(tmp_path / "out", write_file(tmp_path / "a.tif"))
    assert (checked["state"], checked["width"]) == ("usable", 1536)
    said = f"the file holds {images} images of the size of a slide; only one of 1,536 x 1,024 px is read"
    assert len(checked["warnings"]) == (images > 1) and all(said in warning for warning in checked["warnings"])


def test_a_qptiff_has_all_its_levels(tmp_path):
    xml = "<PerkinElmer-QPI-ImageDescription><ImageType>{}</ImageType></PerkinElmer-QPI-ImageDescription>"
    kind = KIND | SCALE | {"compression": "jpeg", "software": "PerkinElmer-QPI"}
    strips = kind | {"tile": None, "rowsperstrip": 16, "compression": "lzw"}
    with tifffile.TiffWriter(tmp_path / "a.qptiff") as out:
        out.write(IMAGE, description=xml.format("FullResolution"), **kind)
        out.write(IMAGE[::8, ::8].copy(), description=xml.format("Thumbnail"), **strips)
        out.write(IMAGE[::2, ::2].copy(), description=xml.format("ReducedResolution"), subfiletype=1, **kind)
        out.write(levels_of(IMAGE)[1], description=xml.format("ReducedResolution"), subfiletype=1, **strips)
    checked, *_, tiled = cut_slide(tmp_path / "out", tmp_path / "a.qptiff", magnification=5, multiple=32)
    assert (checked["vendor"], checked["mpp"], len(checked["levels"])) == ("akoya", 0.5, 3)
    assert (tiled["state"], tiled["regions"]) == ("usable", 1)
    with open_slide(tmp_path / "a.qptiff") as slide:
        assert np.array_equal(filled(slide.reader(2), 0, 0, 384, 256), levels_of(IMAGE)[1])


@pytest.mark.parametrize("compression", [None, "lzw", "jpeg"])
@pytest.mark.parametrize("rows", [16, 100, 5000])
def test_strips_are_read_as_tiles(tmp_path, rows, compression):
    image = IMAGE[:1000] if compression != "jpeg" else IMAGE
    rows = rows if compression != "jpeg" else rows // 16 * 16
    how = {"tile": None, "rowsperstrip": rows, "compression": compression} | SCALE
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        out.write(image, photometric="rgb", metadata=None, **how)
    with open_slide(tmp_path / "a.tif") as slide:
        read = filled(slide.reader(0), -10, -10, 1600, 1100)[10 : 10 + len(image), 10:1546]
    if compression == "jpeg":
        assert np.abs(read.astype(int) - image).mean() < 3
    else:
        assert np.array_equal(read, image)


FLOAT = (IMAGE / 255).astype(np.float32)
PLANES = np.moveaxis(IMAGE, 2, 0).copy()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("image", "how", "found"),
    [
        (IMAGE.astype(np.uint16) * 257, {}, "16-bit RGB"),
        (IMAGE.astype(np.uint16) * 257, {"compression": "png"}, "16-bit RGB"),
        (IMAGE[..., 0].copy(), {"photometric": "minisblack"}, "8-bit gray"),
        (IMAGE[..., 0].copy(), {"photometric": "minisblack", "compression": "jpegxl"}, "8-bit gray"),
        (IMAGE[..., 0].astype(np.uint16), {"photometric": "minisblack"}, "16-bit gray"),
        (FLOAT, {}, "32-bit floats RGB"),
        (PLANES, {"photometric": "minisblack"}, "8-bit gray, 3 of them .channels .*planes."),
        (PLANES.astype(np.uint16), {"photometric": "minisblack", "ome": True}, "16-bit gray, 3 of them .channels .*."),
    ],
)  # fmt: skip
def test_other_pixels_than_of_a_brightfield_scan_are_excluded_with_what_was_found(tmp_path, image, how, found):
    how = {"tile": (256, 256), "photometric": "rgb", "compression": "zlib"} | how
    ome = how.pop("ome", False)
    with tifffile.TiffWriter(tmp_path / "a.tif", ome=ome) as out:
        out.write(image, metadata={"axes": "CYX"} if ome else None, **how, **SCALE)
    with pytest.raises(ExcludedSlide, match=f"its pixels are {found}, not the 8-bit RGB of a brightfield scan; export"):
        open_slide(tmp_path / "a.tif")


def test_fluorescence_in_a_format_of_openslides_is_not_called_damaged(tmp_path):
    with tifffile.TiffFile(write_leica(tmp_path, IMAGE)) as tiff:
        xml = tiff.pages[0].description.replace("brightfield", "fluorescence")
    with tifffile.TiffWriter(tmp_path / "b.scn") as out:
        kind = KIND | SCALE | {"photometric": "minisblack", "compression": "zlib"}
        for level, head in zip(levels_of(IMAGE), ({"description": xml}, {}), strict=True):
            out.write(level[..., 0].astype(np.uint16), **head, **kind)
    with pytest.raises(ExcludedSlide, match="its pixels are 16-bit gray, not the 8-bit RGB"):
        open_slide(tmp_path / "b.scn")


def test_what_openslide_reads_rightly_stays_with_it(tmp_path):
    """Planes of their own and palettes, which the tiles here are not."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as out:
        out.write(PLANES, planarconfig="separate", compression="zlib", **KIND)
    with open_slide(tmp_path / "a.tif") as slide:
        assert slide.reader(0).name == "openslide"
        assert np.array_equal(filled(slide.reader(0), 100, 100, 300, 300), IMAGE[100:400, 100:400])


@pytest.mark.parametrize("number", [33003, 34925, 50013, 65000])
def test_a_compression_that_nobody_reads_is_named_and_how_to_convert(tmp_path, number):
    path = write(tmp_path / "a.tif", compression="zlib")
    with tifffile.TiffFile(path, mode="r+b") as tiff:
        for page in tiff.pages:
            page.tags["Compression"].overwrite(number)
    checked, *_ = cut_slide(tmp_path / "out", path)
    assert f"(TIFF compression {number}), which lowpower does not read; export it again with JPEG" in checked["reason"]
    assert "`vips tiffsave FILE new.tif --tile --pyramid --compression jpeg" in checked["reason"]
    assert "damaged" not in checked["reason"]


def test_a_jpeg_that_openslide_lacks_is_not_called_damaged(tmp_path):
    path = write(tmp_path / "a.tif", compressionargs={"lossless": True})
    _, masked, _ = cut_slide(tmp_path / "out", path)
    assert masked["state"] == "excluded" and "lowpower does not read (Unsupported color conversion" in masked["reason"]


def test_a_dicom_compression_that_openslide_lacks_is_named(tmp_path):
    write_dicom(tmp_path, IMAGE)
    for path in tmp_path.glob("*.dcm"):
        data = path.read_bytes()
        assert data.count(b"1.2.840.10008.1.2.4.50") == 1
        path.write_bytes(data.replace(b"1.2.840.10008.1.2.4.50", b"1.2.840.10008.1.2.4.80"))  # JPEG-LS
    checked, *_ = cut_slide(tmp_path / "out", tmp_path / "level0.dcm")
    assert "lowpower does not read (Unsupported transfer syntax 1.2.840.10008.1.2.4.80)" in checked["reason"]
    assert "damaged" not in checked["reason"] and str(tmp_path) not in checked["reason"]


@pytest.mark.slow
@pytest.mark.parametrize("compression", ["webp", "jpegxl", "jpegxr", "lerc", "png", "jpeg2000", "zstd", "jpeg"])
def test_a_damaged_tile_excludes_the_slide(tmp_path, compression):
    path = write_ome(tmp_path / "a.ome.tif", compression=compression)
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        offset, count = page.dataoffsets[9], page.databytecounts[9]  # 6 tiles in a row: within the piece
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\x5a" * count)
    *_, tiled = cut_slide(tmp_path / "out", path)
    assert (tiled["state"], tiled["step"]) == ("excluded", "tile_slide")
    assert tiled["reason"] == "the file cannot be read, it is damaged or cut short; copy it again"


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("compression", ["png", "webp"])
def test_half_a_file_is_not_taken_for_a_slide(tmp_path, share, compression):
    """tifffile opens what is left of it."""
    path = write(tmp_path / "a.tif", compression=compression)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    checked, *_ = cut_slide(tmp_path / "out", path)
    assert checked["state"] == "excluded" and "cut short" in checked["reason"]


@pytest.mark.slow
def test_a_slide_whose_further_levels_are_lost_is_not_taken_without_them(tmp_path):
    path = write(tmp_path / "a.tif", compression="png")
    with tifffile.TiffFile(path) as tiff:
        second = tiff.pages[1].offset
    path.write_bytes(path.read_bytes()[:second])  # the first level is whole
    checked, *_ = cut_slide(tmp_path / "out", path)
    assert checked["state"] == "excluded" and "cut short" in checked["reason"]


@pytest.mark.slow
def test_one_image_has_one_fingerprint(tmp_path):
    paths = [write(tmp_path / name, compression="png") for name in ("a.tif", "b.tif")]
    paths.append(write(tmp_path / "c.tif", np.roll(IMAGE, 1, axis=1), compression="png"))
    found = []
    for path in paths:
        with open_slide(path) as slide:
            found.append(fingerprint_slide(slide, path))
    assert found[0] == found[1] != found[2]


@pytest.mark.slow
def test_what_is_kept_of_a_level_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(tiff_tiles, "CACHE", 1_000_000)
    with open_slide(write(tmp_path / "a.tif", compression="png")) as slide:
        reader = slide.reader(0)
        filled(reader, 0, 0, 1536, 1024)
        assert reader.pool.nbytes == 5 * 256 * 256 * 3
        opened = reader.file
    assert opened.closed
