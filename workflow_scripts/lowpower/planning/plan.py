"""Plan of a run as lines for the terminal: jobs, hours, memory, disk, and the runs that they are estimated from."""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lowpower.config.study import Study
from lowpower.config.trained_model import Model
from lowpower.files import CsvRow
from lowpower.log import say
from lowpower.magnification import describe
from lowpower.planning.duration_text import duration, size
from lowpower.planning.estimate_job import Forecast
from lowpower.planning.estimate_run import estimate, longest_chain
from lowpower.planning.past_runs import Cohort, Tissue, folder_mb, mean_mb, read_cohorts
from lowpower.planning.power_forecast import power_lines
from lowpower.planning.scaling import scale_rows
from lowpower.planning.workload import MODEL_RULES, TRAININGS
from lowpower.tables.layout import markdown
from lowpower.text import count_of

NOTHING_YET = (
    "no run on this machine yet: run make demo (15 minutes) first, or snakemake intake on your own slides; until then "
    "only the number of jobs is known"
)


@dataclass(frozen=True)
class Machine:
    """Machine that the plan is compared with. there_mb: disk that this cohort's results already fill."""

    cores: int
    memory_mb: float
    free_mb: float
    there_mb: float


def show_plan(
    study: Study,
    jobs: dict[str, int],
    scales: dict[int, dict[str, int]],
    models: Sequence[Model],
    slides: Sequence[str],
    results: str,
    tested: int,
) -> None:
    """Print the plan of a full run to the terminal and the log.

    jobs: of each rule, in the order of the table. scales: the same for other numbers of slides. models: those of the
    study. slides: the slide files. results: the folder with the results of every cohort. tested: test patients.
    """
    existing = next(path for path in (Path(results), *Path(results).absolute().parents) if path.exists())
    machine = Machine(
        cores=len(os.sched_getaffinity(0)),
        memory_mb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6,
        free_mb=shutil.disk_usage(existing).free / 1e6,
        there_mb=folder_mb(Path(results) / study.cohort),
    )
    cohorts, notes = read_cohorts(results)
    lines = list(power_lines(tested, study.statistics.confidence))
    if rows := scale_rows(study, scales, models, mean_mb(slides), cohorts, machine.cores):
        lines += [f"on more machines like this one ({count_of(machine.cores, 'core')} each):", markdown(rows)]
    for line in [*plan_lines(study, jobs, models, slides, cohorts, machine), *lines, *notes]:
        say(line)


def plan_lines(
    study: Study,
    jobs: dict[str, int],
    models: Sequence[Model],
    slides: Sequence[str],
    cohorts: Sequence[Cohort],
    machine: Machine,
) -> Iterator[str]:
    """Lines that ``show_plan`` prints, given the cohorts run so far."""
    yield f"a full run of cohort {study.cohort}, finished jobs included:"
    estimated = estimate(study, jobs, models, len(slides), mean_mb(slides), cohorts, machine.cores)
    if not estimated:
        rows = [{"rule": rule, "jobs": f"{count:,}"} for rule, count in jobs.items()]
        yield markdown([*rows, {"rule": "total", "jobs": f"{sum(jobs.values()):,}"}])
        yield NOTHING_YET
        return
    forecasts, seconds, mb = estimated.forecasts, estimated.seconds, estimated.mb
    yield markdown(_table(study, jobs, forecasts, seconds, mb))
    yield _regions(study, len(slides), estimated.tissue, estimated.source)
    yield from _times(study, models, forecasts, seconds, machine)
    yield from _room(forecasts, sum(mb.values()), machine)


def _table(
    study: Study, jobs: dict[str, int], forecasts: dict[str, Forecast | None], hours: dict[str, float], disk: dict
) -> list[CsvRow]:
    rows = []
    for rule, count in jobs.items():
        forecast = forecasts[rule]
        rows.append(
            {
                "rule": rule,
                "jobs": f"{count:,}",
                "core time": duration(hours[rule]) if forecast else "",
                "GPU time": duration(hours[rule]) if forecast and rule in MODEL_RULES else "",
                "memory of a job": size(forecast.mb) if forecast else "",
                "disk": size(disk[rule]),
                "told from": _source_of(forecast) if forecast else "not run yet",
            }
        )
    least = "" if all(forecasts.values()) else "over "
    rows.append(
        {
            "rule": "total",
            "jobs": f"{sum(jobs.values()):,}",
            "core time": least + duration(sum(hours.values())),
            "GPU time": least + duration(sum(hours[rule] for rule in hours if rule in MODEL_RULES)),
            "memory of a job": size(max((forecast.mb for forecast in forecasts.values() if forecast), default=0)),
            "disk": size(sum(disk.values())),
            "told from": "",
        }
    )
    return rows if study.gpu else [{k: v for k, v in row.items() if k != "GPU time"} for row in rows]


def _source_of(forecast: Forecast) -> str:
    return f"{forecast.source.name}, {count_of(forecast.measured, 'job')}"


def _regions(study: Study, slides: int, tissue: Tissue, source: Cohort) -> str:
    """Number and size of the regions, counted or guessed; all other numbers depend on them."""
    counted = count_of(source.tissue.slides, "slide")
    holds = (
        f"regions: {tissue.regions:,.0f} of {tissue.megapixels:.2g} megapixels at "
        f"{describe(study.teacher_magnification)}"
    )
    if source.name == study.cohort:
        rest = slides - source.tissue.slides
        return f"{holds}, as counted on {counted} of this cohort{f'; {rest} more assumed similar' if rest > 0 else ''}"
    sized = ", by the sizes of the slide files," if tissue.slide_mb and source.tissue.slide_mb else ""
    return (
        f"{holds}. This is a GUESS from the {counted} of cohort {source.name}{sized} and can be off by a factor of 10, "
        "as can every estimate below. `snakemake intake` with this config counts them; then plan again"
    )


def _times(
    study: Study,
    models: Sequence[Model],
    forecasts: dict[str, Forecast | None],
    hours: dict[str, float],
    machine: Machine,
) -> Iterator[str]:
    """Wall time (at least that of the cores, one GPU and the longest chain), and the basis of the estimate."""
    limits = {
        f"core time over {count_of(machine.cores, 'core')}": sum(hours.values()) / machine.cores,
        "from a teacher to its slowest student's predictions": longest_chain(models, forecasts),
    }
    if study.gpu:
        limits["GPU time on one GPU"] = sum(hours[rule] for rule in hours if rule in MODEL_RULES)
    most = max(limits, key=limits.get)
    others = "; ".join(f"{name}: {duration(seconds)}" for name, seconds in limits.items() if name != most)
    if not any(forecasts.get(rule) for rule in TRAININGS):
        yield (
            "wall time here: NOT KNOWN, because nothing was trained on this machine yet. Run `make demo` (about 15 "
            f"minutes), then plan again. The jobs with known times take about {duration(limits[most])}"
        )
    else:
        yield f"wall time here: about {duration(limits[most])} ({most}; {others})"
    yield (
        "times are based on finished jobs on this machine, busy or idle. They are scaled by steps and pixels for "
        "models, by the pixels of regions for slides, by slides or models for tables; times from another cohort can "
        "be off by a factor of 2"
    )
    if unknown := [rule for rule, forecast in forecasts.items() if not forecast]:
        yield f"not counted, because no such job has run yet: {', '.join(unknown)}"
    sources = [forecast.source for rule, forecast in forecasts.items() if forecast and rule in MODEL_RULES]
    if other := sorted({cohort.name for cohort in sources if cohort.study.gpu != study.gpu}):
        there, here = ("the CPU", "a GPU, which is faster") if study.gpu else ("a GPU", "the CPU, which is slower")
        yield f"WARNING: models were measured on {there} (cohort {', '.join(other)}), this config asks for {here}"


def _room(forecasts: dict[str, Forecast | None], disk: float, machine: Machine) -> Iterator[str]:
    """Memory and disk needed, with a warning where the machine has less."""
    needed = max(0.0, disk - machine.there_mb)
    there = f", of which {size(min(disk, machine.there_mb))} are there already" if size(machine.there_mb) else ""
    yield f"disk: {size(disk) or 'less than 1 MB'}{there}; free: {size(machine.free_mb)}"
    if needed > machine.free_mb:
        yield f"WARNING: the disk lacks {size(needed - machine.free_mb)}; free space, or use a folder on another disk"
    most, rule = max(((forecast.mb, rule) for rule, forecast in forecasts.items() if forecast), default=(0, ""))
    if most > machine.memory_mb:
        yield (
            f"WARNING: a job of {rule} may need {size(most)} of memory, this machine has {size(machine.memory_mb)}; "
            "smaller regions (unit: grid) or a lower teacher_magnification need less"
        )
