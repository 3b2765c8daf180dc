"""Referral: the teacher reads again, at high power, the units on which its student is not confident.

All numbers of a row are means over its seeds; the student of a seed refers to the teacher of that seed.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowpower.config.table_settings import Statistics
from lowpower.config.trained_model import Model, ResultModel
from lowpower.evaluation.calibration import log_loss
from lowpower.evaluation.intervals import interval, interval_of_share
from lowpower.evaluation.metrics import ratio
from lowpower.evaluation.referral_thresholds import Pair, chosen_threshold, pair_of, threshold_for
from lowpower.evaluation.sampling import Sample, difference, draw_patients, over_draws
from lowpower.evaluation.units import Judged, Units
from lowpower.evaluation.variance_components import mean_by_patient, undecided_variance
from lowpower.files import CsvRow, read_rows, write_rows
from lowpower.log import Progress, say
from lowpower.magnification import name_of
from lowpower.tables.layout import number, write_texts
from lowpower.tables.referral_table import CHOSEN, in_short, mark_best, note, sections
from lowpower.tables.result_rows import cells_of, counts_of, width_of
from lowpower.tables.study_rows import groups_of
from lowpower.tables.units_file import read_judged

SHARES = (0, 1, 2, 5, 10, 20, 50, 100)  # requested percent of units
_IDENTITY = ("method", "network", "magnification", "labeled", "unlabeled")
_CELLS = (
    *("thresholds", "referred", "accuracy", "accuracy_low", "accuracy_high"),
    *("accuracy_minus_teacher", "accuracy_minus_teacher_low", "accuracy_minus_teacher_high"),
    *("flops_of_teacher", "bytes_of_teacher"),
)
COLUMNS = [*_IDENTITY, "per", "split", "seeds", "n", "patients", "val_log_loss", "best", "asked", *_CELLS]


def refer(
    units: str | Path,
    models: Sequence[ResultModel],
    reported: Sequence[str],
    statistics: Statistics,
    controls: Sequence[str],
    cost: str | Path,
    csv: str | Path,
    md: str | Path,
    tex: str | Path,
) -> None:
    """Write the referral table as CSV, Markdown and LaTeX; most arguments as in ``results_table.evaluate``.

    controls: control methods, which are never a best row. cost: cost.csv.
    """
    judged = read_judged(units, [model.folder for model in models], ["val", *reported])
    rows = mark_best(referral_rows(judged, models, reported, statistics, read_rows(cost)), models, controls)
    write_rows(csv, COLUMNS, rows)
    write_texts(md, tex, sections(rows), note(rows, statistics.confidence))
    say(in_short(rows))


def referral_rows(
    judged: Sequence[Judged],
    models: Sequence[ResultModel],
    splits: Sequence[str],
    statistics: Statistics,
    costs: Sequence[CsvRow],
) -> list[CsvRow]:
    """Rows of referral.csv as text, ``best`` blank: for every student row, one per share and one for the chosen one.

    Only patients and regions on area means are included. Cells are blank where a seed has no teacher, a network has no
    cost, or validation has no unit of known class.
    """
    read = [one for one in judged if one.kind["pixels"] == "averaged" and one.kind["per"] != "slide"]
    kinds = {(one.kind["split"], one.kind["per"]): one for one in read}
    reported = [kind for kind in kinds if kind[0] in splits]
    teachers = {model.seed: i for i, model in enumerate(models) if model.method == "teacher"}
    students = [(identity, members) for identity, members in groups_of(models) if identity["method"] != "teacher"]
    progress, done = Progress("referring", len(reported) * len(students)), 0
    rows = []
    for split, per in reported:
        one, val = kinds[split, per], kinds.get(("val", per))
        weights = draw_patients(one.patients, statistics.draws)
        for identity, members in students:
            own = [one.of_models[i] for i in members]
            about = {key: identity[key] for key in _IDENTITY} | {"per": per, "split": split} | counts_of(own)
            about["val_log_loss"] = number(mean_log_loss([val.of_models[i] for i in members]) if val else None, 4)
            with_teacher = [(i, teachers[models[i].seed]) for i in members if models[i].seed in teachers]
            cells: dict[str, CsvRow] = {}
            if len(with_teacher) == len(members):
                pairs = [(pair_of(one, *both), pair_of(val, *both) if val else None) for both in with_teacher]
                ratios = _cost_ratios(costs, models[members[0]], models[with_teacher[0][1]])
                cells = _cells(pairs, one.patients, weights, ratios, width_of(about, statistics))
            for asked in (*map(str, SHARES), CHOSEN):
                rows.append(about | {"best": "", "asked": asked} | cells.get(asked, dict.fromkeys(_CELLS, "")))
            progress.at(done := done + 1)
    return rows


class _Referred(NamedTuple):
    """Units of one seed for every share (columns): thresholds, referred units and right answers, the teacher's last."""

    pair: Pair
    thresholds: list[float]
    referred: NDArray
    right: NDArray
    accuracies: list[Sample]


def _cells(
    pairs: Sequence[tuple[Pair, Pair | None]],
    patients: Sequence[str],
    weights: NDArray,
    ratios: tuple[float | None, float | None],
    wide: tuple[float, int] | None,
) -> dict[str, CsvRow]:
    """Cells of each share with a known threshold, means over seeds. pairs: reported and validation units by seed.

    ratios: the student's FLOPs and bytes over its teacher's; referred units cost the teacher's in addition. wide: as
    in ``result_rows.width_of``.
    """
    asked = (*map(str, SHARES), CHOSEN)
    seeds = []
    for pair, val in pairs:
        confidence = val.confidence if val else np.array([])
        thresholds = [threshold_for(confidence, share / 100) for share in SHARES]
        thresholds.append(chosen_threshold(val) if val else np.nan)
        referred = pair.confidence[:, None] < thresholds
        right = np.column_stack([np.where(referred, pair.teacher[:, None], pair.student[:, None]), pair.teacher])
        seeds.append(_Referred(pair, thresholds, referred, right, _accuracies(right, pair.patients, patients, weights)))
    cells = {}
    for j, name in enumerate(asked):
        limits = [one.thresholds[j] for one in seeds]
        if np.isnan(limits).any():
            continue
        gaps = [difference(one.accuracies[j], one.accuracies[-1]) for one in seeds]
        differing = mean_by_patient([(one.pair.patients, one.right[:, j] * 1.0 - one.right[:, -1]) for one in seeds])
        undecided = float(undecided_variance(differing, wide[1])) if wide else 0.0
        again = np.mean([_share(one.referred[:, j], one.pair.regions) for one in seeds])
        units = np.mean([_share(one.referred[:, j], np.ones(len(one.pair.regions))) for one in seeds])
        drawn = None if np.isposinf(limits).all() else wide  # the teacher alone never differs from itself
        cells[name] = {
            "thresholds": " ".join(number(limit, 6) for limit in limits),
            "referred": number(units, 4),
            **cells_of("accuracy", [one.accuracies[j] for one in seeds], wide, interval_of_share),
            **cells_of("accuracy_minus_teacher", gaps, drawn, interval, undecided),
            **{
                f"{what}_of_teacher": number(None if ratio is None else ratio + again, 4)
                for what, ratio in zip(("flops", "bytes"), ratios, strict=True)
            },
        }
    return cells


def _accuracies(right: NDArray, owners: list[str], patients: Sequence[str], weights: NDArray) -> list[Sample]:
    """Accuracy of each column of right (units, columns), on the data and on each draw (weights, as in intervals)."""
    position = {patient: k for k, patient in enumerate(patients)}
    counts = np.zeros((len(patients), right.shape[1] + 1))
    np.add.at(counts, [position[owner] for owner in owners], np.column_stack([right, np.ones(len(right))]))

    def shares(weights: NDArray) -> dict[str, NDArray]:
        sums = weights @ counts
        return {"right": ratio(sums[:, :-1], sums[:, -1:])}

    points, drawn = shares(np.ones((1, len(patients))))["right"][0], over_draws(shares, weights)["right"]
    return [Sample(float(point), column) for point, column in zip(points, drawn.T, strict=True)]


def _share(referred: NDArray, weights: NDArray) -> float:
    return float(referred @ weights / weights.sum()) if len(weights) else np.nan


def _cost_ratios(costs: Sequence[CsvRow], student: Model, teacher: Model) -> tuple[float | None, float | None]:
    """FLOPs and bytes per region of the student over the teacher's; None where a cost is missing."""
    cost_of = {(row["network"], row["magnification"]): row for row in costs}
    low, high = (cost_of.get((model.network, name_of(model.magnification))) for model in (student, teacher))
    if not low or not high:
        return None, None
    flops, size = (float(low[key]) / float(high[key]) for key in ("flops_per_region", "bytes_per_region"))
    return flops, size


def mean_log_loss(seeds: Sequence[Units | None]) -> float | None:
    """Mean log loss of a row's units, averaged over seeds; None without a unit."""
    losses = [log_loss(u.truth, u.probabilities) for u in seeds if u and u.ids]
    return float(np.mean(losses)) if losses else None
