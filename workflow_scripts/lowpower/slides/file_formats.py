"""File formats by file name: readable slides, and files that are passed over, with advice for each."""

from pathlib import Path

ENDINGS = (
    ".svs", ".tif", ".tiff", ".btf", ".qptiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif", ".dcm",
    ".czi",
)  # fmt: skip
_VIPS = (
    "`vips tiffsave FILE new.tif --tile --pyramid --compression jpeg --Q 90`, and write its µm per pixel into the sheet"
)
_BIOFORMATS = "export it as OME-TIFF with QuPath or Bio-Formats' bfconvert"
_MAKER = "export it as SVS, DICOM or pyramidal TIFF with its maker's program"
_UNPACK = "unpack it"
# file ending: (format, advice)
PASSED_OVER = {
    ".vsi": ("Olympus VSI", _BIOFORMATS),
    ".isyntax": ("Philips iSyntax", _MAKER),
    ".i2syntax": ("Philips iSyntax", _MAKER),
    ".sdpc": ("Sqray SDPC", _MAKER),
    ".kfb": ("KFBIO KFB", _MAKER),
    ".tmap": ("Unic TMAP", _MAKER),
    ".mdsx": ("Motic MDS", _MAKER),
    ".mds": ("Motic MDS", _MAKER),
    ".zvi": ("Zeiss ZVI", _BIOFORMATS),
    ".lif": ("Leica LIF", _BIOFORMATS),
    ".nd2": ("Nikon ND2", _BIOFORMATS),
    ".ims": ("Imaris", _BIOFORMATS),
    ".zarr": ("OME-Zarr", _BIOFORMATS),
    **dict.fromkeys((".jp2", ".j2k", ".jpx", ".jpf"), ("JPEG 2000", f"if it is a slide: {_VIPS}")),
    **dict.fromkeys((".jpg", ".jpeg", ".png", ".bmp", ".webp"), ("plain picture", f"if it is a slide: {_VIPS}")),
    **dict.fromkeys((".gz", ".bz2", ".xz", ".zst", ".zip", ".tar", ".tgz", ".7z", ".rar"), ("packed", _UNPACK)),
}

# file ending of a slide: endings of the companion files beside it, or the name of the folder that holds them
PARTS = {
    ".mrxs": ("{stem}",),
    ".vsi": ("_{stem}_",),
    ".vms": (".jpg", ".opt"),
    ".vmu": (".ngr", ".opt"),
}


def is_dicom(path: Path) -> bool:
    """True if a file is DICOM, whatever its name; False if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return path.name != "DICOMDIR" and file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def advise(path: Path) -> str:
    """Advice for a file that is not read, by its ending; empty for an unknown ending."""
    kind, advice = PASSED_OVER.get(path.suffix.lower(), ("", ""))
    return f"its name is that of a {kind} file, which lowpower does not read: {advice}" if kind else ""
