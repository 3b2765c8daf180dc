"""Slides of the vendors' formats, each as small as OpenSlide accepts it: 0.5 µm, two levels, the second a quarter.

What OpenSlide asks of each was read in its source; a scanner writes more. MIRAX has a
module of its own.
"""

import io
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from slide_files import write_slide

from lowpower.slides.downsampling import area_mean

MPP, SHRINK, TILE = 0.5, 4, 256
KIND = {"tile": (TILE, TILE), "photometric": "rgb", "metadata": None}
SCALE = {"resolution": (10000 / MPP, 10000 / MPP), "resolutionunit": "CENTIMETER"}
UNITS = "DICOM_PIXEL_SPACING"
LEICA = "http://www.leica-microsystems.com/scn/2010/10/01"


def levels_of(image: np.ndarray) -> list[np.ndarray]:
    """The image (H, W, 3), its sides multiples of 4, and its area mean."""
    return [image, area_mean(image, SHRINK)]


def write_aperio_jpeg(folder: Path, image: np.ndarray) -> Path:
    return write_slide(folder / "a.svs", image=image, mpp=MPP, reductions=[SHRINK], compression="jpeg")


def write_aperio_jpeg2000(folder: Path, image: np.ndarray) -> Path:
    return write_slide(folder / "a.svs", image=image, mpp=MPP, reductions=[SHRINK], compression=33005)


def write_generic_tiff(folder: Path, image: np.ndarray) -> Path:
    with tifffile.TiffWriter(folder / "a.tif") as out:
        for number, level in enumerate(levels_of(image)):
            out.write(level, subfiletype=int(number > 0), compression="jpeg", software=False, **KIND, **SCALE)
    return folder / "a.tif"


def write_philips(folder: Path, image: np.ndarray) -> Path:
    def attribute(name, value):
        return f'<Attribute Name="{name}">{value}</Attribute>'

    def listed(kind, items):
        return (
            "<Array>" + "".join(f'<DataObject ObjectType="{kind}">{item}</DataObject>' for item in items) + "</Array>"
        )

    mm = [MPP / 1000, MPP * SHRINK / 1000]
    spacings = [attribute(UNITS, f"&quot;{side}&quot; &quot;{side}&quot;") for side in mm]
    levels = attribute("PIIM_PIXEL_DATA_REPRESENTATION_SEQUENCE", listed("PixelDataRepresentation", spacings))
    scale = attribute(UNITS, f"&quot;{mm[0]}&quot; &quot;{mm[0]}&quot;")
    scanned = listed("DPScannedImage", [attribute("PIM_DP_IMAGE_TYPE", "WSI") + scale + levels])
    xml = f'<DataObject ObjectType="DPUfsImport">{attribute("PIM_DP_SCANNED_IMAGES", scanned)}</DataObject>'
    with tifffile.TiffWriter(folder / "a.tiff") as out:
        for number, level in enumerate(levels_of(image)):
            head = {} if number else {"description": xml, "software": "Philips DP v1.0"}
            out.write(level, subfiletype=int(number > 0), compression="jpeg", **{"software": False} | head, **KIND)
    return folder / "a.tiff"


def write_leica(folder: Path, image: np.ndarray) -> Path:
    levels = levels_of(image)
    height, width = (round(side * MPP * 1000) for side in image.shape[:2])
    sizes = "".join(
        f'<dimension ifd="{k}" sizeX="{level.shape[1]}" sizeY="{level.shape[0]}"/>' for k, level in enumerate(levels)
    )
    xml = (
        f'<scn xmlns="{LEICA}"><collection sizeX="{2 * width}" sizeY="{2 * height}"><image>'
        f'<view sizeX="{width}" sizeY="{height}" offsetX="0" offsetY="0"/><pixels>{sizes}</pixels><scanSettings>'
        "<objectiveSettings><objective>20</objective></objectiveSettings><illuminationSettings><illuminationSource>"
        "brightfield</illuminationSource></illuminationSettings></scanSettings></image></collection></scn>"
    )
    with tifffile.TiffWriter(folder / "a.scn") as out:
        for number, level in enumerate(levels):
            head = {} if number else {"description": xml}
            out.write(level, compression="jpeg", software=False, **head, **KIND, **SCALE)
    return folder / "a.scn"


def write_ventana(folder: Path, image: np.ndarray) -> Path:
    """A BIF of which a row of tiles overlaps the next by nothing; its sides are multiples of the tile."""
    down, across = (side // TILE for side in image.shape[:2])
    counted = np.arange(1, down * across + 1).reshape(down, across)
    counted[1::2] = counted[1::2, ::-1]  # rows from the bottom, in turns to the right and to the left
    joints = [("RIGHT", a, b) for row in counted for a, b in pairwise(row)]
    joints += [("UP", a, b) for low, high in pairwise(counted) for a, b in zip(low, high, strict=True)]
    joined = "".join(
        f'<TileJointInfo Confidence="100" Direction="{to}" Tile1="{a}" Tile2="{b}" OverlapX="0" OverlapY="0"/>'
        for to, a, b in joints
    )
    stitched = (
        f'<EncodeInfo><SlideStitchInfo><ImageInfo AOIScanned="1" Width="{TILE}" Height="{TILE}" NumRows="{down}" '
        f'NumCols="{across}" Pos-X="0" Pos-Y="0">{joined}</ImageInfo></SlideStitchInfo><AoiOrigin>'
        '<AOI0 OriginX="0" OriginY="0"/></AoiOrigin></EncodeInfo>'
    )
    xml = [f'<iScan Magnification="20" ScanRes="{MPP}"/>', stitched]
    packets = [{"extratags": [(700, "B", len(text), text.encode(), True)]} for text in xml] + [{}]
    pictures = [image[:TILE, :TILE], *levels_of(image)]
    names = ["Label_Image", "level=0 mag=20 quality=90", "level=1 mag=5 quality=90"]
    with tifffile.TiffWriter(folder / "a.bif", bigtiff=True) as out:
        for picture, name, packet in zip(pictures, names, packets, strict=True):
            out.write(picture, description=name, compression="jpeg", software=False, **packet, **KIND)
    return folder / "a.bif"


def write_hamamatsu(folder: Path, image: np.ndarray) -> Path:
    with tifffile.TiffWriter(folder / "a.ndpi") as out:
        for number, level in enumerate(levels_of(image)):
            tags = [(65420, "I", 1, 1, True), (65421, "f", 1, 20 / SHRINK**number, True), (65424, "i", 1, 0, True)]
            kind = KIND | SCALE | {"tile": None, "rowsperstrip": level.shape[0]}
            out.write(level, compression="jpeg", extratags=tags, software=False, **kind)
    return folder / "a.ndpi"


def write_dicom(folder: Path, image: np.ndarray, declared: int = 0) -> Path:
    """A series of one file per level, in JPEG. declared: a side to claim for the first level instead of its own."""
    for number, level in enumerate(levels_of(image)):
        side = declared if declared and not number else None
        content = _dicom_file(level, number=number, mm=MPP * SHRINK**number / 1000, declared=side)
        (folder / f"level{number}.dcm").write_bytes(content)
    return folder / "level0.dcm"


def _dicom_file(level: np.ndarray, number: int, mm: float, declared: int | None) -> bytes:
    wsi, instance, jpeg = "1.2.840.10008.5.1.4.1.1.77.1.6", f"1.2.3.{number + 1}", "1.2.840.10008.1.2.4.50"
    frames = [
        level[top : top + TILE, left : left + TILE]
        for top in range(0, level.shape[0], TILE)
        for left in range(0, level.shape[1], TILE)
    ]
    meta = _element(0x00020002, "UI", wsi) + _element(0x00020003, "UI", instance) + _element(0x00020010, "UI", jpeg)
    measures = _sequence(0x00289110, _element(0x00280030, "DS", f"{mm}\\{mm}"))
    elements = [
        _element(0x00080008, "CS", "ORIGINAL\\PRIMARY\\VOLUME\\NONE"),
        _element(0x00080016, "UI", wsi),
        _element(0x00080018, "UI", instance),
        _element(0x00080060, "CS", "SM"),
        _element(0x00100010, "PN", "Doe^Jane"),
        _element(0x0020000E, "UI", "1.2.3"),
        _element(0x00209311, "CS", "TILED_FULL"),
        _element(0x00280002, "US", 3),
        _element(0x00280004, "CS", "YBR_FULL_422"),
        _element(0x00280006, "US", 0),
        _element(0x00280008, "IS", str(len(frames))),
        _element(0x00280010, "US", TILE),
        _element(0x00280011, "US", TILE),
        _element(0x00280100, "US", 8),
        _element(0x00280101, "US", 8),
        _element(0x00280102, "US", 7),
        _element(0x00280103, "US", 0),
        _element(0x00480006, "UL", declared or level.shape[1]),
        _element(0x00480007, "UL", declared or level.shape[0]),
        _sequence(0x52009229, measures),
    ]
    items = b"".join(_item(tile_jpeg(frame)) for frame in frames)
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + _item(b"") + items
    ending = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    group = _element(0x00020000, "UL", len(meta))
    return bytes(128) + b"DICM" + group + meta + b"".join(elements) + pixels + ending


def _element(tag: int, kind: str, value: str | int) -> bytes:
    if isinstance(value, int):
        data = struct.pack("<H" if kind == "US" else "<I", value)
    else:
        data = value.encode() + (b"\0" if kind == "UI" else b" ") * (len(value) % 2)
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, kind.encode(), len(data)) + data


def _sequence(tag: int, item: bytes) -> bytes:
    data = _item(item)
    return struct.pack("<HH2sHI", tag >> 16, tag & 0xFFFF, b"SQ", 0, len(data)) + data


def _item(data: bytes) -> bytes:
    data += b"\0" * (len(data) % 2)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(data)) + data


def tile_jpeg(frame: np.ndarray) -> bytes:
    """A whole tile, what is beyond the edge of the slide white."""
    whole = np.full((TILE, TILE, 3), 255, np.uint8)
    whole[: frame.shape[0], : frame.shape[1]] = frame
    buffer = io.BytesIO()
    Image.fromarray(whole).save(buffer, "JPEG", quality=95, subsampling=1)
    return buffer.getvalue()


WRITERS = {
    "aperio": write_aperio_jpeg,
    "aperio, JPEG 2000": write_aperio_jpeg2000,
    "generic-tiff": write_generic_tiff,
    "philips": write_philips,
    "leica": write_leica,
    "ventana": write_ventana,
    "hamamatsu": write_hamamatsu,
    "dicom": write_dicom,
}
