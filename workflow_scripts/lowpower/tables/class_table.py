"""Rows of classes.csv: F1, precision and recall of every class, for every model."""

from collections.abc import Sequence

from lowpower.config.table_settings import Statistics
from lowpower.config.trained_model import ResultModel
from lowpower.evaluation.intervals import interval_of_share
from lowpower.evaluation.metrics import OF_CLASS
from lowpower.evaluation.sampling import draw_patients, sample_classes
from lowpower.evaluation.units import Judged
from lowpower.files import CsvRow
from lowpower.tables.result_rows import ENDS, NAMED, cells_of, counts_of, width_of
from lowpower.tables.study_rows import groups_of

CLASS_COLUMNS = [*NAMED, "seeds", "class", "n", "patients", *(f"{name}{end}" for name in OF_CLASS for end in ENDS)]


def class_rows(
    judged: Sequence[Judged], models: Sequence[ResultModel], classes: Sequence[str], statistics: Statistics
) -> list[CsvRow]:
    """The rows of classes.csv as text: every class for every row of results.csv."""
    rows = []
    for one in judged:
        weights = draw_patients(one.patients, statistics.draws)
        for identity, members in groups_of(models):
            units = [one.of_models[i] for i in members]
            if None in units:
                continue
            named = {key: (identity | one.kind)[key] for key in NAMED} | {"seeds": str(len(members))}
            drawn = [sample_classes(u, one.patients, weights) for u in units]
            wide = width_of(counts_of(units), statistics)
            for c, name in enumerate(classes):
                counts = counts_of([u.only(u.truth == c) for u in units])
                own_wide = wide and (wide[0], max(2, int(counts["patients"])))
                cells = {"class": name, "n": counts["n"], "patients": counts["patients"]}
                for metric in OF_CLASS:
                    of_seeds = [of_seed[metric][c] for of_seed in drawn]
                    cells |= cells_of(metric, of_seeds, own_wide, interval_of_share)
                rows.append(named | cells)
    return rows
