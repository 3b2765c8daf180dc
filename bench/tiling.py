"""Speed and memory of cutting and reducing slides; docs/performance.md explains the comparison.

.venv/bin/python bench/tiling.py [--quick]
.venv/bin/python bench/tiling.py --memory --glass 75 25 --piece 9

One process and thread, page cache warm, ways in turns, the median of the rounds' ratios. Seconds are processor time,
which other work on the machine affects less. JSON lines; the last one is a summary. Memory is the peak of each step's
own process on a slide of 30 x 30 mm, 60,000 x 60,000 px.
"""

import argparse
import io
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from children import run_child, spread
from large_slide import BLOCK, write_large
from steps import REDUCTIONS, take_step
from ways import (
    count_equal,
    cut_images,
    decode_and_encode,
    decode_and_encode_low,
    images_of,
    read_plainly,
    reduce_regions,
)

from lowpower import files
from lowpower.slides import phantom
from lowpower.slides.pyramid import write_slide


def main() -> None:
    """Measure memory, then speed, and print one JSON line for each and one as a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small slides and one round, to see that it runs")
    parser.add_argument("--memory", action="store_true", help="measure memory only")
    size = {"nargs": 2, "type": float, "default": (30, 30), "metavar": ("WIDTH", "HEIGHT")}
    parser.add_argument("--glass", **size, help="of the slide whose memory is measured, in mm")
    parser.add_argument("--piece", type=int, default=BLOCK, help="sides of that slide's pieces of tissue, in 2.048 mm")
    parser.add_argument("--magnification", type=float, default=10, help="at which that slide is cut")
    parser.add_argument("--step", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)  # one, in a child
    arguments = parser.parse_args()
    glass = (3, 3) if arguments.quick else arguments.glass
    if arguments.step:
        name, folder = arguments.step
        if name == "write_slide":
            size = (round(side * 1000 / phantom.MPP) for side in glass)
            write_large(Path(folder) / "slide.tiff", *size, arguments.piece)
        else:
            take_step(name, Path(folder), arguments.magnification, "tissue")
        return
    with tempfile.TemporaryDirectory(prefix="lowpower-bench-") as folder:
        # memory first: a child's peak is at least its parent's memory at the start
        memory = measure_memory(Path(folder), glass, arguments.piece, arguments.magnification)
        speed = {} if arguments.memory else measure_speed(Path(folder), arguments.quick)
    print(json.dumps(speed | memory))


def note(text: str) -> None:
    """Print progress to stderr, apart from the JSON."""
    print(text, file=sys.stderr, flush=True)


def measure_memory(folder: Path, glass: tuple[float, float], piece: int, magnification: float) -> dict:
    """Largest peak of the steps, each in a process of its own, on a slide of glass (width, height) mm."""
    peaks, seconds = {}, {}
    for step in ("write_slide", "check_slide", "mask_tissue", "tile_slide", "downsample_slide", "read_level"):
        started = perf_counter()
        how = ["--step", step, str(folder), "--glass", *map(str, glass), "--piece", str(piece)]
        how += ["--magnification", str(magnification)]
        _, _, peaks[step] = run_child(__file__, *how)
        seconds[step] = round(perf_counter() - started, 1)
        note(f"{step}: {peaks[step]} MB, {seconds[step]} s")
    del peaks["write_slide"]
    regions = files.read_rows(folder / "tissue.csv")
    largest = max(int(row["px_width"]) * int(row["px_height"]) for row in regions)
    state = files.read_json(folder / "check.json")
    slide_mb = round((folder / "slide.tiff").stat().st_size / 1e6)
    found = {"slide_px": [state["width"], state["height"]], "slide_mb": slide_mb}
    found |= {"regions": len(regions), "largest_region_mpx": round(largest / 1e6, 1), "reader": regions[0]["reader"]}
    print(json.dumps(found | {"peak_mb": peaks, "seconds": seconds}), flush=True)
    (folder / "slide.tiff").unlink()
    return {"peak_mb": max(peaks.values())}


def measure_speed(folder: Path, quick: bool) -> dict:
    """Seconds and ratios of each way through the same slide."""
    dials = phantom.PhantomSettings(pieces=2 if quick else 12, piece_px=192 if quick else 768)
    # four copies, which is faster than drawing
    image = np.tile(phantom.draw_slide("bench", "sheet_atypical", dials), (2, 2, 1))
    write_slide(folder / "slide.tiff", image, phantom.MPP)
    note(f"{image.shape[1]:,} x {image.shape[0]:,} px, {(folder / 'slide.tiff').stat().st_size / 1e6:,.0f} MB")
    del image
    for step in ("check_slide", "mask_tissue"):
        take_step(step, folder, 20, "")
    ways: dict[str, Callable[[], object]] = {}
    outputs = {}
    for unit in ("grid", "tissue"):
        ways[f"tile_slide {unit}"] = lambda unit=unit: take_step("tile_slide", folder, 20, unit)
        ways[f"cut {unit}"] = lambda unit=unit: cut_images(folder, unit)
        ways[f"openslide {unit}"] = lambda unit=unit: read_plainly(folder, unit)
        outputs |= {f"tile_slide {unit}": f"{unit}.zip", f"openslide {unit}": f"{unit}-plain.zip"}
        outputs[f"cut {unit}"] = f"{unit}-cut.zip"
    ways["limit grid"] = lambda: decode_and_encode(folder)
    ways["downsample_slide"] = lambda: reduce_regions(folder)
    ways["limit downsample"] = lambda: decode_and_encode_low(folder, reduced)
    reduced: list[np.ndarray] = []
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for k in range(2 if quick else 6):
        for way, take in ways.items():
            if way in outputs:
                # as in a first run, which replaces no file; replacing takes longer for larger files
                (folder / outputs[way]).unlink(missing_ok=True)
            with redirect_stderr(io.StringIO()):
                started = process_time()
                take()
                seconds = process_time() - started
            if way == "downsample_slide" and not reduced:
                reduced += [files.decode(image) for n in REDUCTIONS for image in images_of(folder / f"{n}.zip")]
            if k:  # the first round warms up
                taken[way].append(seconds)
            note(f"round {k}: {way} {seconds:.3f} s")
    for way, seconds in taken.items():
        print(json.dumps({"way": way, "seconds": spread(seconds)}), flush=True)
    ratios = {
        "vs_openslide": ("openslide grid", "cut grid"),
        "of_limit": ("limit grid", "cut grid"),
        "unaligned_vs_openslide": ("openslide tissue", "cut tissue"),
        "step_vs_openslide": ("openslide grid", "tile_slide grid"),
        "downsample_of_limit": ("limit downsample", "downsample_slide"),
    }
    summary = {}
    for name, (over, under) in ratios.items():
        rounds = spread([a / b for a, b in zip(taken[over], taken[under], strict=True)])
        print(json.dumps({"ratio": name, "of": f"{over} / {under}", "rounds": rounds}), flush=True)
        summary[name] = round(rounds["median"], 2)
    return summary | {"equal_images": sum(count_equal(folder, unit) for unit in ("grid", "tissue"))}


if __name__ == "__main__":
    main()
