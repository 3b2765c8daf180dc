"""Cost of a study's distillation with the teacher recorded once, and with the teacher in the loop.

.venv/bin/python bench/study.py [--quick]

One process and thread, in processor seconds. The workflow's own functions on a synthetic cohort, with the config's
defaults but fewer steps: record_teacher and four times distill_student, against four times distill_student with
`teacher: online`, whose teacher runs on whole passes and keeps the images of its regions in memory. JSON lines; the
last is a summary: `times_cheaper`, the same without the 5x student (`times_cheaper_low`), and the ratio of regions
through the teacher (`teacher_passes_ratio`). docs/performance.md has details.
"""

import argparse
import io
import json
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path
from time import process_time

from cohort import RECIPE, TEACHER, draw_cohort, record, save_teacher, train
from torch import Tensor

from lowpower.magnification import name_of
from lowpower.models import resnet

VIEWS = 4  # the config's default
SIDE = 512  # of a region at 10x, in pixels: the smallest that leaves a map of 1 x 1 at 0.625x
REGIONS = 32
LOOKS = 40  # of each student at each region; 100 for the paper's 100 epochs
REDUCTIONS = (2, 4, 8, 16)


def main() -> None:
    """Measure both ways and print one JSON line for each of their steps and one as a summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two students, small regions, to see that it runs")
    quick = parser.parse_args().quick
    side, regions, looks, reductions = (128, 4, 16, (2, 4)) if quick else (SIDE, REGIONS, LOOKS, REDUCTIONS)
    steps = regions * looks // RECIPE.batch
    with tempfile.TemporaryDirectory(prefix="lowpower-bench-") as name:
        folder = Path(name)
        draw_cohort(folder, side, regions, reductions)
        save_teacher(folder)
        with redirect_stderr(io.StringIO()):  # torch's loading on first use is not counted
            record(folder, 1)
            train(folder, "student", reductions[-1], 1)
        spent = {"recording": take("recording", side, lambda: record(folder, VIEWS))}
        for n in reductions:
            for live in (False, True):
                name = f"{name_of(TEACHER / n)} {'live' if live else 'recorded'}"
                spent[name] = take(name, side, lambda n=n, live=live: train(folder, "student", n, steps, live))
    live, recorded = (sum_up(spent, reductions, way) for way in ("live", "recorded"))
    low = [sum_up(spent, reductions[1:], way) for way in ("live", "recorded")]
    summary = {"times_cheaper": live["seconds"] / recorded["seconds"]}
    summary |= {"times_cheaper_low": low[0]["seconds"] / low[1]["seconds"]}
    summary |= {"teacher_passes_ratio": live["passes"] / recorded["passes"]}
    about = {"regions": regions, "pixels": side, "views": VIEWS, "steps": steps, "looks": looks}
    print(json.dumps({name: round(value, 2) for name, value in summary.items()} | about))


def take(name: str, side: int, call: Callable[[], None]) -> dict:
    """Seconds of one step, and its regions through the teacher, the only network that gets sides of this length."""
    passes = 0

    def counted(self: resnet.ResNet, images: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal passes
        passes += len(images) * (images.shape[-1] == side)
        return forward(self, images)

    forward, resnet.ResNet.forward = resnet.ResNet.forward, counted
    started = process_time()
    with redirect_stderr(io.StringIO()):  # messages of the jobs
        call()
    found = {"seconds": round(process_time() - started, 2), "passes": passes}
    resnet.ResNet.forward = forward
    print(json.dumps({"step": name} | found), flush=True)
    return found


def sum_up(spent: dict[str, dict], reductions: tuple[int, ...], way: str) -> dict:
    """Seconds and passes of the students at these reductions, and of the recording if it is used."""
    chosen = [spent[f"{name_of(TEACHER / n)} {way}"] for n in reductions]
    chosen += [spent["recording"]] if way == "recorded" else []
    return {key: sum(step[key] for step in chosen) for key in ("seconds", "passes")}


if __name__ == "__main__":
    main()
