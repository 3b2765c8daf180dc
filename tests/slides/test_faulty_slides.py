"""Every way in which a slide file can be bad, taken through check, mask and cut: a row with state, step and reason."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openslide
import pytest
import tifffile
from format_files import write_dicom
from mirax_file import write_mirax
from project_paths import HELPERS
from slide_files import cut_slide, draw_tissue, patch, write_slide

from lowpower import files
from lowpower.slide_state import MaskedSlide
from lowpower.slides.slide import fingerprint_slide
from lowpower.tables.intake_table import gather_slides

PIECE = [(300, 300, 400, 600)]  # y, x, height, width at 0.5 µm


def sound(folder, **how):
    return write_slide(folder / "a.svs", draw_tissue(1100, 1600, PIECE), **how)


def bare(folder):
    """A slide of two levels without a vendor, in which a level can be missing: other formats make up for it."""
    image = draw_tissue(1024, 1024, PIECE)
    kind = {"tile": (256, 256), "photometric": "rgb", "compression": "zlib", "metadata": None, "software": False}
    with tifffile.TiffWriter(folder / "a.tif") as out:
        out.write(image, resolution=(20000, 20000), resolutionunit="CENTIMETER", **kind)  # 0.5 µm
        out.write(image[::4, ::4].copy(), subfiletype=1, **kind)
    return folder / "a.tif"


def header_cut_short(folder):
    path = sound(folder)
    path.write_bytes(path.read_bytes()[:200])
    return path


def cut_in_the_middle(folder):
    path = sound(folder)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


def tail_lost(folder):
    """All directories lie before the pixels, as many scanners write them, and the last tiles are gone."""
    path = bare(folder)
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        offsets, counts = list(page.dataoffsets), list(page.databytecounts)
    size = path.stat().st_size
    offsets[5:] = [size + 1000] * len(offsets[5:])
    return patch(path, 0, TileOffsets=offsets, TileByteCounts=counts)


def tile_that_does_not_decode(folder, compression="zlib", page=0):
    path = sound(folder, compression=compression)
    with tifffile.TiffFile(path) as file:
        tile = 9 if page == 0 else 0  # 7 tiles in a row at level 0: within the piece
        offset, count = file.pages[page].dataoffsets[tile], file.pages[page].databytecounts[tile]
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"\x5a" * count)
    return path


def level_missing(folder, page):
    path = bare(folder)
    with tifffile.TiffFile(path) as file:
        tiles = len(file.pages[page].dataoffsets)
    return patch(path, page, TileByteCounts=[0] * tiles)


def second_directory_lost(folder):
    path = bare(folder)
    with tifffile.TiffFile(path) as file:
        second = file.pages[1].offset
    with open(path, "r+b") as file:
        file.seek(second)
        file.write(b"\xff" * 64)
    return path


def declared(folder, side, tile):
    with tifffile.TiffWriter(folder / "a.tif") as out:
        out.write(
            np.full((16, 16, 3), 200, np.uint8), tile=(16, 16), photometric="rgb", metadata=None, software=False,
            resolution=(20000, 20000), resolutionunit="CENTIMETER", compression="zlib",
        )  # fmt: skip
    return patch(folder / "a.tif", 0, ImageWidth=side, ImageLength=side, TileWidth=tile, TileLength=tile)


def zero_bytes(folder):
    (folder / "a.svs").touch()
    return folder / "a.svs"


def text(folder):
    (folder / "a.svs").write_text("slide,patient\n" * 1000)
    return folder / "a.svs"


def named(folder, name):
    (folder / name).write_bytes(bytes(range(256)) * 10)
    return folder / name


def loop(folder):
    (folder / "a.svs").symlink_to(folder / "b.svs")
    (folder / "b.svs").symlink_to(folder / "a.svs")
    return folder / "a.svs"


def pipe(folder):
    os.mkfifo(folder / "a.svs")
    return folder / "a.svs"


def no_tissue(folder):
    return write_slide(folder / "a.svs", draw_tissue(1100, 1600, []))


def mrxs_alone(folder):
    (folder / "a.mrxs").write_bytes(b"\xff\xd8\xff\xe0" + bytes(1000))
    return folder / "a.mrxs"


def mirax_without(folder, part):
    path = write_mirax(folder, draw_tissue(1024, 1536, PIECE))
    (folder / "a" / part).unlink()
    return path


DAMAGED = "damaged or cut short; copy it again"
FAULTS = {
    "header cut short": (header_cut_short, "check_slide", "cut short"),
    "cut in the middle": (cut_in_the_middle, "check_slide", "cut short"),
    "tail lost": (tail_lost, "tile_slide", DAMAGED),
    "tile that does not decode": (tile_that_does_not_decode, "tile_slide", DAMAGED),
    "JPEG tile that does not decode": (lambda f: tile_that_does_not_decode(f, "jpeg"), "tile_slide", DAMAGED),
    "tile of a coarse level": (lambda f: tile_that_does_not_decode(f, page=2), "mask_tissue", DAMAGED),
    "finest level missing": (lambda f: level_missing(f, 0), "tile_slide", "level 0 of the file is empty"),
    "coarse level missing": (lambda f: level_missing(f, 1), "mask_tissue", "no tissue"),
    "directory of a level lost": (second_directory_lost, "check_slide", "cut short"),
    "zero bytes": (zero_bytes, "check_slide", "empty .0 bytes."),
    "text named .svs": (text, "check_slide", "does not support this kind of file"),
    "another maker's": (
        lambda f: named(f, "a.isyntax"),
        "check_slide",
        "name is that of a Philips iSyntax file.*export it",
    ),
    "a packed slide": (lambda f: named(f, "a.svs.gz"), "check_slide", "name is that of a packed file.*: unpack it"),
    "a folder": (lambda f: f, "check_slide", "a folder"),
    "link loop": (loop, "check_slide", "symbolic link to itself"),
    "a pipe": (pipe, "check_slide", "not a file"),
    "no file": (lambda f: f / "none.svs", "check_slide", "no file at the sheet's path"),
    "no path": (lambda f: "a\0b", "check_slide", "cannot be opened"),
    "too long a name": (lambda f: f / ("x" * 300), "check_slide", "cannot be opened"),
    "no scale": (lambda f: sound(f, mpp=None), "check_slide", "no mpp"),
    "folder of an .mrxs file missing": (mrxs_alone, "check_slide", "folder of the same name.*not next to it"),
    "settings of an .mrxs file lost": (lambda f: mirax_without(f, "Slidedat.ini"), "check_slide", "cut short; copy"),
    "index of an .mrxs file lost": (lambda f: mirax_without(f, "Index.dat"), "check_slide", DAMAGED),
    "data of an .mrxs file lost": (lambda f: mirax_without(f, "Data0000.dat"), "check_slide", DAMAGED),
    "no tissue": (no_tissue, "mask_tissue", "no tissue of at least 1000 µm²"),
}


def judge(folder, states, step, reason):
    """Excluded at this step for this reason; all files are written, and none half."""
    for state in states[("check_slide", "mask_tissue", "tile_slide").index(step) :]:
        assert (state["state"], state["step"]) == ("excluded", step)
        assert state["reason"] == states[-1]["reason"] and str(folder) not in state["reason"]
    assert re.search(reason, states[-1]["reason"])
    assert states[-1]["regions"] == 0 and files.read_rows(folder / "regions.csv") == []
    written = {path.name for path in folder.iterdir()}
    assert written == {
        "check.json", "mask.json", "mask.png", "tile.json", "regions.csv", "regions.geojson", "regions.zip",
        "overview.jpg",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_slide_is_a_row(tmp_path, fault):
    make, step, reason = FAULTS[fault]
    judge(tmp_path / "out", cut_slide(tmp_path / "out", make(tmp_path)), step, reason)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("side", "tile", "step", "reason"),
    [
        (2**30, 2**30, "check_slide", "536,871 x 536,871 mm, larger than any glass"),
        (2**16, 2**16, "check_slide", "tiles of 65,536 x 65,536 px, too large to decode"),
        (2**14, 2**14, "mask_tissue", DAMAGED),
        (2**30, 2**8, "check_slide", "cut short"),  # the file has not the table of so many tiles
        (2**30, "dicom", "check_slide", "larger than any glass"),  # which has no such table
    ],
)
def test_an_enormous_header_takes_no_memory(tmp_path, side, tile, step, reason):
    dicom = tile == "dicom"
    path = write_dicom(tmp_path, draw_tissue(1024, 1024, PIECE), side) if dicom else declared(tmp_path, side, tile)
    code = (
        "import resource; from pathlib import Path; from slide_files import cut_slide\n"
        "resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30,) * 2)\n"  # OpenSlide ends the process where it wants more
        f"cut_slide(Path({str(tmp_path / 'out')!r}), Path({str(path)!r}))\n"
        "status = Path('/proc/self/status').read_text()\n"  # ru_maxrss would count what this process held before
        "print(status.split('VmHWM:')[1].split()[0])"
    )
    peak_kb = run_python(code)
    assert int(peak_kb) < 400_000
    states = [files.read_json(tmp_path / f"out/{name}.json") for name in ("check", "mask", "tile")]
    judge(tmp_path / "out", states, step, reason)


def run_python(code):
    """What a process of its own prints that runs this code beside the tests' helpers; it must not fail."""
    run = subprocess.run([sys.executable, "-c", code], cwd=HELPERS, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout


@pytest.mark.slow
def test_no_permission(tmp_path):
    # a folder that others may enter, unlike those of pytest
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        folder.chmod(0o777)
        path = sound(folder)
        path.chmod(0)
        code = (
            "import os; from pathlib import Path; from PIL import Image; from slide_files import cut_slide\n"
            "Image.init()\n"  # loaded while it may be: another user may not read this environment
            "os.geteuid() or os.setuid(65534)\n"
            f"cut_slide(Path({str(folder / 'out')!r}), Path({str(path)!r}))\n"
        )
        run_python(code)
        states = [files.read_json(folder / f"out/{name}.json") for name in ("check", "mask", "tile")]
        judge(folder / "out", states, "check_slide", "permission denied")


@pytest.mark.slow
@pytest.mark.parametrize(("step", "reads"), [("mask_tissue", 0), ("tile_slide", 2)])
def test_a_slide_that_vanishes_during_the_run(tmp_path, monkeypatch, step, reads):
    """Before it is masked; and while it is cut, after the mask and the overview were read."""
    path, read, done = sound(tmp_path), openslide.OpenSlide.read_region, []

    def read_then_gone(slide, *box):
        if len(done) == reads:
            path.unlink(missing_ok=True)
        done.append(box)
        return read(slide, *box)

    monkeypatch.setattr(openslide.OpenSlide, "read_region", read_then_gone)
    states = cut_slide(tmp_path / "out", path)
    judge(tmp_path / "out", states, step, DAMAGED)


@pytest.mark.slow
def test_a_slide_that_vanishes_between_two_steps(tmp_path, monkeypatch):
    path = sound(tmp_path)
    # asked last when the mask is done, which no longer reads the slide
    monkeypatch.setattr(MaskedSlide, "is_usable", property(lambda state: path.unlink(missing_ok=True) or True))
    judge(tmp_path / "out", cut_slide(tmp_path / "out", path), "tile_slide", "no file at the sheet's path")


@pytest.mark.slow
def test_tissue_smaller_than_a_region_is_kept_as_a_piece_and_left_out_of_a_grid(tmp_path):
    path = write_slide(tmp_path / "a.svs", draw_tissue(1100, 1600, [(400, 500, 120, 100)]))
    *_, tiled = cut_slide(tmp_path / "tissue", path)
    assert (tiled["state"], tiled["regions"]) == ("usable", 1)  # its box grows
    grid = {"size_um": 256, "stride_um": 0, "min_tissue": 0.5}
    states = cut_slide(tmp_path / "grid", path, unit="grid", grid=grid)
    judge(tmp_path / "grid", states, "tile_slide", "no field of 256 µm holds a share of 0.5 of tissue")


@pytest.mark.slow
def test_the_same_content_under_two_ids(tmp_path):
    path = sound(tmp_path)
    (tmp_path / "copy").mkdir()
    copy = shutil.copy(path, tmp_path / "copy/b.svs")
    other = write_slide(tmp_path / "c.svs", draw_tissue(1100, 1600, [(300, 310, 400, 600)]))
    for slide, file in {"A": path, "B": copy, "C": other}.items():
        cut_slide(tmp_path / slide, Path(file), slide=slide)
    states = [[tmp_path / slide / f"{step}.json" for slide in "ABC"] for step in ("check", "mask", "tile")]
    gather_slides(*states, "ABC", "PPP", "continue", 1, tmp_path / "intake.csv")
    rows = files.read_rows(tmp_path / "intake.csv")
    assert [(row["state"], row["step"]) for row in rows] == [
        ("usable", "tile_slide"), ("excluded", "gather_slides"), ("usable", "tile_slide"),
    ]  # fmt: skip
    assert "the same image as slide 'A'" in rows[1]["reason"]
    assert "the same image as slide 'A'" in (tmp_path / "intake.csv").read_text()


def test_content_without_a_quickhash_is_told_by_size_and_ends(tmp_path):
    """OpenSlide gives none where the coarsest level has more than 5 MB; first and last MB differ between scans."""
    unhashed = SimpleNamespace(properties={})
    data = np.random.default_rng(0).integers(0, 256, 3_000_000, np.uint8)
    found = []
    for change in (None, 5, -5, "longer"):
        changed = data.copy()
        if change == "longer":
            changed = np.append(changed[:1_500_000], data[1_400_000:])
        elif change:
            changed[change] ^= 1
        changed.tofile(tmp_path / "a")
        found.append(fingerprint_slide(unhashed, tmp_path / "a"))
    assert len(set(found)) == 4
    data.tofile(tmp_path / "b")
    assert fingerprint_slide(unhashed, tmp_path / "b") == found[0]
