"""Differences in accuracy between rows of a study and one of them, as shown in docs/experiments.md.

.venv/bin/python bench/differences.py results/views results/lung_views -- sskd_live sskd_1 sskd_2 sskd_4 sskd_8

For finished studies on test data: the accuracy of each row minus that of the first, by seed, means over seeds, with
the intervals of `results.md` (claims.md tests claims, with wider ones). For several studies also all together: the
mean of their differences, with patients of each study drawn separately. JSON lines, in points.
"""

import json
import sys
from pathlib import Path

import numpy as np

from lowpower import files
from lowpower.config.config_file import read_config
from lowpower.config.study_models import models
from lowpower.evaluation.aggregation import Aggregation
from lowpower.evaluation.intervals import Sample, difference, draw_patients, interval_of_difference, mean, sample
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
        for about, (value, patients) in of_study.items():
            show([study.name, *about], value, patients)
    if len(studies) > 1:
        for about in [about for about in found[0] if all(about in of_study for of_study in found)]:
            together, drawn = [of_study[about] for of_study in found], []
            for k, (value, _) in enumerate(together):  # studies with equally many patients would share their draws
                drawn.append(np.random.default_rng(k).permutation(value.drawn))
            value = Sample(float(np.mean([one.point for one, _ in together])), np.mean(drawn, 0))
            show(["together", *about], value, sum(patients for _, patients in together))


def differences(study: Path, base: str, rows: list[str]) -> dict[tuple[str, str, str], tuple[Sample, int]]:
    """Difference and number of patients, by magnification, kind of unit and row."""
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
                right = {
                    (model.method, model.seed): sample(units, one.patients, drawn, 0)["accuracy"]
                    for model, units in zip(of_scale, one.of_models, strict=True)
                }
                for row in rows:
                    gaps = [difference(right[row, seed], right[base, seed]) for seed in config.seeds]
                    found[name_of(scale), one.kind["per"], row] = mean(gaps), len(one.patients)
    return found


def show(about: list[str], value: Sample, patients: int) -> None:
    """Print one line."""
    low, high = interval_of_difference(value, 0.95, patients)
    names = ("study", "magnification", "per", "row")
    points = {"points": value.point, "low": low, "high": high}
    print(json.dumps(dict(zip(names, about, strict=True)) | {key: round(100 * x, 1) for key, x in points.items()}))


if __name__ == "__main__":
    main()
