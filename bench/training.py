"""Speed and memory of training, compared with the bare network; docs/performance.md explains the comparison.

.venv/bin/python bench/training.py [--quick]

A training by the workflow's own functions pauses every few steps for as many steps of the bare model: forward, losses,
backward and Adam on a batch in memory. Seconds are processor time; a ratio is the median of the rounds' ratios, without
validations. Each case is a process of its own, with one thread. JSON lines; the last one is a summary.
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from statistics import median
from time import process_time

from bare import bare_step
from children import run_child, spread
from cohort import RECIPE, draw_cohort, record, save_teacher, train

from lowpower.models.model_file import prepare_device
from lowpower.models.region_sets import Order
from lowpower.slides.phantom import CLASSES

VIEWS = 4
REGIONS = {256: 64, 512: 32}  # side in pixels at 10x: regions
SIZES = {256: (2, 4, 8), 512: (2, 4, 8, 16)}  # side: the students' reductions, which must leave a map
LARGE = 4096  # side of the largest region that the config's max_side_um leaves whole at 10x
SETTINGS = {
    "float32": ("float32", False),
    "float32 channels_last": ("float32", True),
    "bfloat16": ("bfloat16", False),
    "bfloat16 channels_last": ("bfloat16", True),
}


def main() -> None:
    """Measure every case in a child and print one JSON line for each and one as a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few tiny cases and one round, to see that it runs")
    parser.add_argument("--case", nargs=2, metavar=("CASE", "FOLDER"), help=argparse.SUPPRESS)  # one, in a child
    arguments = parser.parse_args()
    if arguments.case:
        case, folder = json.loads(arguments.case[0]), Path(arguments.case[1])
        measure = {"job": take, "setting": compare_settings, "memory": fill_memory}[case["what"]]
        with redirect_stderr(io.StringIO()):  # messages of the jobs
            found = measure(case, folder)
        print(json.dumps(case | found))
        return
    with tempfile.TemporaryDirectory(prefix="lowpower-bench-") as folder:
        found = [run_case(case, Path(folder)) for case in cases(arguments.quick)]
    jobs = [case for case in found if case["what"] == "job"]

    def least(**wanted: object) -> float:
        return min(case["ratio"]["median"] for case in jobs if wanted.items() <= case.items())

    summary = {"kept": least(job="student", kept=True), "streamed": least(job="student", kept=False)}
    summary |= {"teacher": least(job="teacher"), "peak_mb": max(c["peak_mb"] for c in found if c["what"] != "setting")}
    print(json.dumps(summary))


def cases(quick: bool) -> list[dict]:
    """Cases to measure, in order."""
    sizes = {128: (2,)} if quick else SIZES
    shared = {"rounds": 1 if quick else 7, "quick": quick}
    found = []
    for side, reductions in sizes.items():
        for kept in (True, False):
            students = [{"what": "job", "job": "student", "reduction": n, "kept": kept} for n in reductions]
            found += [case | {"side": side} | shared for case in students]
        found.append({"what": "job", "job": "teacher", "reduction": 1, "kept": True, "side": side} | shared)
    found += [{"what": "setting", "side": side} | shared for side in ((32,) if quick else (512, 256, 128, 64, 32, 16))]
    steps = ("student",) if quick else ("teacher", "recording", "student")
    return found + [{"what": "memory", "job": name, "side": 256 if quick else LARGE} | shared for name in steps]


def run_case(case: dict, folder: Path) -> dict:
    """Run a case in a child; print and return its line."""
    if case["what"] != "setting":
        prepare_cohort(folder / str(case["side"]), case["side"], case["quick"])
    line, _, peak = run_child(__file__, "--case", json.dumps(case), str(folder))
    found = json.loads(line) | {"peak_mb": peak}
    del found["rounds"], found["quick"]
    print(json.dumps(found), flush=True)
    return found


def prepare_cohort(folder: Path, side: int, quick: bool) -> None:
    """Make, in a child, a cohort with regions of this side, a teacher with random weights and its recording."""
    if folder.exists():
        return
    program = f"import training; training.make_cohort({str(folder)!r}, {side}, {quick})"
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parent, check=True, stderr=subprocess.DEVNULL)


def make_cohort(folder: str, side: int, quick: bool) -> None:
    """Do ``prepare_cohort`` in this process. Large regions are one of 512 px, repeated, and not recorded yet."""
    if side == LARGE:
        draw_cohort(Path(folder), 512, len(CLASSES), (2,), repeat=LARGE // 512)
    else:
        draw_cohort(Path(folder), side, 8 if quick else REGIONS[side], (2,) if quick else SIZES[side])
    save_teacher(Path(folder))
    if side != LARGE:
        record(Path(folder), VIEWS)


# --- speed ---


def take(case: dict, folder: Path) -> dict:
    """Step rate of a job as a share of the bare model's, and milliseconds per region of both."""
    folder, side = folder / str(case["side"]), case["side"] // case["reduction"]
    # until every view has been drawn once, if views are kept; the first steps are always slower
    warm = 1 + (-(-case_regions(case) * VIEWS // RECIPE.batch) if case["kept"] else 1)
    student = case["job"] == "student"
    bare = bare_step(side, student, RECIPE.precision, RECIPE.channels_last)
    memory = {} if case["kept"] else {"memory_mb": 0}

    def run() -> None:
        train(folder, case["job"], case["reduction"], 10**6, evaluate_every=10**6, **memory)

    ours, plain = in_turns(run, bare, warm, case["rounds"])
    return {
        "pixels": side,
        "ratio": spread([b / a for a, b in zip(ours, plain, strict=True)]),
        "ms_per_region": round(median(ours) / RECIPE.batch * 1e3, 2),
        "bare_ms_per_region": round(median(plain) / RECIPE.batch * 1e3, 2),
    }


def case_regions(case: dict) -> int:
    """Number of training regions in its cohort."""
    return 8 if case["quick"] else REGIONS[case["side"]]


class Enough(BaseException):
    """Exception that ends a training once enough rounds are measured."""


def in_turns(run: Callable[[], None], bare: Callable[[], None], warm: int, rounds: int) -> tuple[list, list]:
    """Seconds per step of (a training, the bare model), round by round, after ``warm`` steps of the training."""
    prepare_device(False)
    seconds = [timed(bare) for _ in range(2)][1]
    block = max(1, round(0.8 / seconds))  # steps of either in a round
    ours: list[float] = []
    plain: list[float] = []
    started = 0.0
    at = Order.at

    def watched(self: Order, step: int) -> list[tuple[int, int]]:
        nonlocal started
        if step >= warm and (step - warm) % block == 0:
            if step > warm:
                ours.append((process_time() - started) / block)
            if len(ours) == rounds:
                raise Enough
            plain.append(timed(bare, block))
            started = process_time()
        return at(self, step)

    Order.at = watched
    try:
        run()
    except Enough:
        return ours, plain
    finally:
        Order.at = at
    raise AssertionError("the training ended before it was measured")


def timed(call: Callable[[], None], times: int = 1) -> float:
    """Processor seconds of one call."""
    started = process_time()
    for _ in range(times):
        call()
    return (process_time() - started) / times


def compare_settings(case: dict, folder: Path) -> dict:
    """Milliseconds per region of the bare model's step in each precision and layout, in turns."""
    prepare_device(False)
    steps = {name: bare_step(case["side"], True, *setting) for name, setting in SETTINGS.items()}
    times = max(1, round(0.4 / min(timed(step) for step in steps.values() for _ in range(2))))
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(case["rounds"]):
        for name, step in steps.items():
            found[name].append(timed(step, times) / RECIPE.batch * 1e3)
    return {"ms_per_region": {name: round(median(values), 2) for name, values in found.items()}}


# --- memory ---


def fill_memory(case: dict, folder: Path) -> dict:
    """Take one step, with a validation, on regions of the largest side; peak memory is that of the process."""
    folder = folder / str(case["side"])
    if case["job"] == "recording":
        record(folder, 1)
    else:
        train(folder, case["job"], 1 if case["job"] == "teacher" else 2, 1, batch=2)
    return {"regions": 8, "megapixels": round((case["side"] / 1e3) ** 2, 1)}


if __name__ == "__main__":
    main()
