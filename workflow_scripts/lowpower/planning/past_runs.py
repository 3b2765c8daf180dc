"""Past runs: the benchmarks, configs and regions below results/."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lowpower import magnification
from lowpower.config.study import Study
from lowpower.files import read_json, read_rows
from lowpower.planning.past_config import past_study
from lowpower.text import abbreviate, count_of

UNREADABLE = (OSError, ValueError, KeyError, TypeError, IndexError, csv.Error)  # errors that a damaged file may raise
_MIB = 1.048576  # MB in a MiB: Snakemake's benchmarks call a MiB "MB"
_LOADED = 2.0  # seconds; memory is sampled every half second, and libraries load first
_PHASES = {
    "train_teacher": "train",
    "pretrain_student": "pretrain",
    "distill_student": "distill",
    "finetune_student": "finetune",
}
_HISTORIES = {"pretrain_student": "pretrained.csv", "distill_student": "distilled.csv"}


@dataclass(frozen=True)
class Job:
    """One finished job: its benchmark file below benchmarks/{rule}/ without .tsv, and the values in it."""

    key: str
    seconds: float
    mb: float  # peak memory; 0 if the job ended before it was sampled
    steps: int = 0  # optimizer steps of a training


@dataclass(frozen=True)
class Tissue:
    """Tissue of a cohort's slides; megapixels are at the teacher's magnification."""

    slides: int
    slide_mb: float | None  # mean size of a slide file, None if no file is found
    regions: float
    mm2: float
    megapixels: float  # of one region, mean
    largest: float  # megapixels of the largest region
    shares: dict[str, float]  # of the regions, by split; empty before patients are split

    def share(self, *splits: str) -> float:
        """Number of regions in these splits."""
        return self.regions * sum(self.shares.get(split, 0.0) for split in splits)


@dataclass(frozen=True)
class Cohort:
    """A past run. zips: the mean MB of a slide's ZIP at each magnification."""

    name: str
    study: Study
    jobs: dict[str, list[Job]]
    tissue: Tissue | None
    zips: dict[float, float]
    small_mb: float  # states, masks and overviews


def read_cohorts(results: str | Path) -> tuple[list[Cohort], list[str]]:
    """Read every benchmarked cohort below ``results``; return also one line on each unusable file or folder."""
    cohorts, notes = [], []
    for folder in sorted(path.parent for path in Path(results).glob("*/benchmarks")):
        if not (folder / "config.json").is_file():
            notes.append(f"{folder} is ignored: it has no config.json, so the settings of its jobs are unknown")
            continue
        try:
            study = past_study(read_json(folder / "config.json"))
            tissue = read_tissue(folder, study)
            paths = {magnification.parse(path.name): path for path in sorted(folder.glob("regions/[0-9]*x/"))}
            zips = {scale: mean_mb(list(path.glob("*.zip"))) or 0.0 for scale, path in paths.items()}
            small = sum(folder_mb(folder / name) for name in ("slides", "masks", "overviews"))
            jobs, bad = _read_jobs(folder)
        except UNREADABLE as error:
            notes.append(f"{folder} is ignored: it cannot be read ({type(error).__name__}: {error})")
            continue
        if bad:
            notes.append(f"{folder}: {count_of(len(bad), 'job')} skipped, unreadable: {abbreviate(bad, 2)}")
        cohorts.append(Cohort(folder.name, study, jobs, tissue, zips, small))
    return cohorts, notes


def _read_jobs(folder: Path) -> tuple[dict[str, list[Job]], list[str]]:
    """Jobs by rule, and the files that cannot be read."""
    base = folder / "benchmarks"
    jobs: dict[str, list[Job]] = {}
    bad = []
    for path in sorted(base.rglob("*.tsv")):
        rule, *rest = path.relative_to(base).with_suffix("").parts
        key = "/".join(rest)
        try:
            with open(path, newline="", encoding="utf-8") as table:
                row = list(csv.DictReader(table, delimiter="\t"))[-1]
            seconds = float(row["s"])
            if not 0 <= seconds < math.inf:
                raise ValueError("no time")
            steps = _steps(folder, rule, key) if rule in _PHASES else 0
        except UNREADABLE:
            bad.append(str(path.relative_to(base)))
            continue
        mb = _MIB * _number(row.get("max_rss")) if seconds >= _LOADED else 0.0
        jobs.setdefault(rule, []).append(Job(key, seconds, mb, steps))
    return jobs, bad


def _number(text: str | None) -> float:
    """Number in a benchmark's cell; 0 where Snakemake wrote NA or -."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        return 0.0
    return value if math.isfinite(value) else 0.0


def _steps(folder: Path, rule: str, key: str) -> int:
    """Optimizer steps of one training, from its history, because the config may have changed since."""
    model = folder / "teacher" / key if rule == "train_teacher" else folder / key
    name = _HISTORIES.get(rule, "history.csv")
    return max((int(row["step"]) for row in read_rows(model / name) if row["phase"] == _PHASES[rule]), default=0)


def read_tissue(folder: Path, study: Study) -> Tissue | None:
    """Tissue of the slides cut so far, or None without any region."""
    regions: dict[str, int] = {}
    sizes, mm2 = [], 0.0
    for state in sorted(folder.glob("regions/*.json")):
        rows = read_rows(state.with_suffix(".csv"))
        regions[read_json(state)["slide"]] = len(rows)
        sizes += [int(row["px_width"]) * int(row["px_height"]) / 1e6 for row in rows]
        mm2 += sum(float(row["area_mm2"]) for row in rows)
    if not sizes:
        return None
    counts: dict[str, int] = {}
    for row in (row for path in sorted(folder.glob("splits/*.csv")) for row in read_rows(path)):
        counts[row["split"]] = counts.get(row["split"], 0) + regions.get(row["slide"], 0)
    total = sum(counts.values())
    return Tissue(
        slides=len(regions),
        slide_mb=mean_mb(_slide_files(study.slides, set(regions))),
        regions=len(sizes),
        mm2=mm2,
        megapixels=sum(sizes) / len(sizes),
        largest=max(sizes),
        shares={split: count / total for split, count in sorted(counts.items())} if total else {},
    )


def _slide_files(sheet: str, slides: set[str]) -> list[Path]:
    """Paths of these slides in a text sheet; empty if the sheet is missing or another kind of file."""
    try:
        with open(sheet, newline="", encoding="utf-8-sig") as text:
            header = text.readline()
            text.seek(0)
            rows = list(csv.DictReader(text, delimiter=max("\t;,", key=header.count)))
        return [Path(sheet).parent / row["path"].strip() for row in rows if row["slide"].strip() in slides]
    except (*UNREADABLE, AttributeError):
        return []


def mean_mb(files: Sequence[str | Path]) -> float | None:
    """Mean size in MB of the existing files, or None if there are none."""
    sizes = [Path(path).stat().st_size / 1e6 for path in files if Path(path).is_file()]
    return sum(sizes) / len(sizes) if sizes else None


def folder_mb(folder: Path) -> float:
    """MB of all files below a folder; 0 without any."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
