"""Differences in accuracy between rows of a study and one of them, as shown in docs/experiments.md.

.venv/bin/python bench/differences.py results/views results/lung_views -- sskd_live sskd_1 sskd_2 sskd_4 sskd_8

For finished studies on test data: the accuracy of each row minus that of the first, by seed, means over seeds, with
the intervals of `results.md` and `claims.md`. For several studies also all together: the mean of their differences,
whose errors are independent. JSON lines, in points.
"""

import json
import sys
from pathlib import Path

import numpy as np

from lowpower import files
from lowpower.config.config_file import read_config
from lowpower.config.study_models import models
from lowpower.evaluation.aggregation import Aggregation
from lowpower.evaluation.hypothesis_tests import patient_differences
from lowpower.evaluation.intervals import interval
from lowpower.evaluation.sampling import difference, draw_patients, sample
from lowpower.evaluation.variance_components import Estimate, estimate, undecided_variance
from lowpower.magnification import name_of
from lowpower.tables.predictions_file import read_predictions
from lowpower.tables.unit_judging import judge

SCHEMA = Path(__file__).resolve().parent.parent / "schemas/config.schema.yaml"


def main() -> None:
    """Print a line for each study, magnification, kind of unit and row."""
    if "--" not in sys.argv[2:]:
        sys.exit(__doc__)
    place = sys.argv.index("--")
    studies, (base, *rows) = [Path(name) for name in sys.argv[1:place]], sys.argv[place + 1 :]
    rows = [row for row in rows if row != base]  # its difference to itself is 0
    found = [differences(study, base, rows) for study in studies]
    for study, of_study in zip(studies, found, strict=True):
        for about, value in of_study.items():
            show([study.name, *about], value)
    if len(studies) > 1:
        for about in [about for about in found[0] if all(about in of_study for of_study in found)]:
            show(["together", *about], mean_of_studies([of_study[about] for of_study in found]))


def mean_of_studies(values: list[Estimate]) -> Estimate:
    """Mean of independent estimates, with Satterthwaite's degrees of freedom."""
    variances = np.array([float(value.error) ** 2 for value in values])
    df = variances.sum() ** 2 / sum(variances**2 / [float(value.df) for value in values])
    error = np.sqrt(variances.sum()) / len(values)
    patients = sum(value.patients for value in values)
    return Estimate(np.mean([value.point for value in values]), error, df, np.zeros(()), 1, patients)


def differences(study: Path, base: str, rows: list[str]) -> dict[tuple[str, str, str], Estimate]:
    """Difference, by magnification, kind of unit and row."""
    config = read_config(files.read_json(study / "config.json"), SCHEMA)
    asked = [model for model in models(config) if model.method in (base, *rows)]
    if lacking := {base, *rows} - {model.method for model in asked}:
        sys.exit(f"{study} has no row {', '.join(sorted(lacking))}; its rows: teacher, {', '.join(config.methods)}")
    found = {}
    for scale in config.student_magnifications:
        of_scale = [model for model in asked if model.magnification in (scale, config.teacher_magnification)]
        paths = [study / model.folder / "predictions.parquet" for model in of_scale]
        if missing := [path for path in paths if not path.is_file()]:
            print(f"{name_of(scale)} is left out: {len(missing)} of {len(paths)} files are missing", file=sys.stderr)
            continue
        classes, way = config.classes, Aggregation(config.aggregation, config.top_k)
        for one in judge(read_predictions(paths, classes), classes, config.regions_have_labels, ["test"], way):
            if one.kind["pixels"] == "averaged" and one.kind["per"] != "slide":
                drawn = draw_patients(one.patients, config.statistics.draws)
                units = {(m.method, m.seed): own for m, own in zip(of_scale, one.of_models, strict=True)}
                right = {key: sample(own, one.patients, drawn, 0)["accuracy"] for key, own in units.items()}
                for row in rows:
                    gaps = [difference(right[row, seed], right[base, seed]) for seed in config.seeds]
                    pairs = [(units[row, seed], units[base, seed]) for seed in config.seeds]
                    undecided = undecided_variance(patient_differences(pairs, [1, -1]), len(one.patients))
                    value = estimate(gaps, len(one.patients), float(undecided))
                    found[name_of(scale), one.kind["per"], row] = value
    return found


def show(about: list[str], value: Estimate) -> None:
    """Print one line."""
    low, high = interval(value, 0.95)
    names = ("study", "magnification", "per", "row")
    points = {"points": float(value.point), "low": low, "high": high}
    print(json.dumps(dict(zip(names, about, strict=True)) | {key: round(100 * x, 1) for key, x in points.items()}))


if __name__ == "__main__":
    main()
