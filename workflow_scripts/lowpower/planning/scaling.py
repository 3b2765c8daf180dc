"""The same study on other numbers of slides and machines: time, disk, and the bottleneck."""

from collections.abc import Sequence

from lowpower.config.study import Study
from lowpower.config.trained_model import Model
from lowpower.files import CsvRow
from lowpower.planning.duration_text import duration, size
from lowpower.planning.estimate_run import estimate, one_after_another
from lowpower.planning.past_runs import Cohort


def scale_rows(
    study: Study,
    scales: dict[int, dict[str, int]],
    models: Sequence[Model],
    slide_mb: float | None,
    cohorts: Sequence[Cohort],
    cores: int,
) -> list[CsvRow]:
    """Compute a row for each number of slides and of machines like this one (the config's ``plan``).

    scales: by the number of slides, the jobs of each rule. The wall time is the longer of two: the core time shared by
    all cores, and the chain of jobs that must run in sequence. The column "kept by" names the longer.
    """
    rows = []
    for slides, jobs in scales.items():
        estimated = estimate(study, jobs, models, slides, slide_mb, cohorts, cores)
        if not estimated:
            return []
        most = max(estimated.seconds, key=estimated.seconds.get)
        total, chain = sum(estimated.seconds.values()), one_after_another(models, estimated.forecasts)
        for machines in study.plan.machines:
            shared = total / (cores * machines)
            busy = f"the cores, {100 * estimated.seconds[most] / total:.0f} % in {most}"
            rows.append(
                {
                    "slides": f"{slides:,}",
                    "machines": str(machines),
                    "jobs": f"{sum(jobs.values()):,}",
                    "core time": duration(total),
                    "wall time": duration(max(shared, chain)),
                    "kept by": busy if shared > chain else "the longest chain",
                    "disk": size(sum(estimated.mb.values())),
                }
            )
    return rows
