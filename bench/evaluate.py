"""Time that the tables of a large study take; docs/performance.md explains the comparison.

.venv/bin/python bench/evaluate.py [--quick]

One thread. Made-up predictions of many models are evaluated per patient, slide and region with all draws, against one
bare pass in which scikit-learn computes each model's metrics on the data alone, without intervals. Seconds are
processor time, which other work on the machine affects less. The last line is JSON.
"""

import argparse
import json
import os
import tempfile
from pathlib import Path
from time import perf_counter, process_time

os.environ |= {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}  # before numpy is imported
import numpy as np
import pandas as pd
from sklearn import metrics as oracle

from lowpower.config.table_settings import Statistics
from lowpower.config.trained_model import ResultModel
from lowpower.evaluation.aggregation import Aggregation
from lowpower.tables.results_table import evaluate
from lowpower.tables.unit_judging import judge_units

CLASSES = ["a", "b", "c", "d"]
JUDGING = {"classes": CLASSES, "regions_have_labels": True, "aggregation": Aggregation("mean", 3)}
STATISTICS = Statistics(draws=10_000, rank_draws=2000, confidence=0.95, fewest_patients=10)


def main() -> None:
    """Make predictions, evaluate them, take the bare pass and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=200, help="the first of them is the teacher")
    parser.add_argument("--regions", type=int, default=10_000, help="of the test split; validation has a fifth as many")
    parser.add_argument("--patients", type=int, default=500, help="of the test split, with one slide each")
    parser.add_argument("--quick", action="store_true", help="3 models, to see that it runs")
    given = parser.parse_args()
    if given.quick:
        given.models, given.regions, given.patients = 3, 200, 20
    with tempfile.TemporaryDirectory(prefix="lowpower-bench-") as folder:
        paths, models = make(Path(folder), given.models, given.regions, given.patients)
        wall, start = perf_counter(), process_time()
        take_tables(Path(folder), paths, models)
        seconds, wall = process_time() - start, perf_counter() - wall
        start = process_time()
        for path in paths:
            bare_pass(path)
        bare = process_time() - start
    size = {"models": given.models, "regions": given.regions, "patients": given.patients}
    figures = {"seconds": seconds, "wall_seconds": wall, "bare_seconds": bare, "ratio": seconds / bare}
    print(json.dumps(size | {name: round(value, 2) for name, value in figures.items()}))


def make(folder: Path, models: int, regions: int, patients: int) -> tuple[list[Path], list[ResultModel]]:
    """Make predictions of models with increasing accuracy."""
    splits = (("test", "p", regions, patients), ("val", "v", regions // 5, max(2, patients // 5)))
    asked = pd.concat([_regions(*split) for split in splits], ignore_index=True)
    truth = asked["label"].map(CLASSES.index).to_numpy()
    paths = []
    for i in range(models):
        rng = np.random.default_rng(i)
        scores = rng.normal(0, 1.5, (len(asked), len(CLASSES)))
        scores[np.arange(len(asked)), truth] += 0.5 + 2 * i / models
        odds = np.exp(scores)
        odds /= odds.sum(1, keepdims=True)
        paths.append(folder / f"{i}.parquet")
        asked.assign(**{f"p_{name}": odds[:, c] for c, name in enumerate(CLASSES)}).to_parquet(paths[-1])
    students = [ResultModel(f"m{i}", 2.5, labeled=100, unlabeled=100, seed=0, steps=1) for i in range(1, models)]
    return paths, [ResultModel("teacher", 10.0, labeled=100, unlabeled=0, seed=0, steps=1), *students]


def _regions(split: str, name: str, regions: int, patients: int) -> pd.DataFrame:
    owner = np.sort(np.random.default_rng(0).integers(0, patients, regions))
    owner[:patients] = np.arange(patients)
    owner.sort()
    shared = {"site": "", "split": split, "true_label": "", "label_source": "slide", "area_mm2": 1.0}
    patient = [f"{name}{k:05d}" for k in owner]
    return pd.DataFrame(
        {"region": [f"{p}_{k:05d}" for k, p in enumerate(patient)], "slide": patient, "patient": patient}
    ).assign(label=[CLASSES[k % len(CLASSES)] for k in owner], pixels="averaged", **shared)


def take_tables(folder: Path, paths: list[Path], models: list[ResultModel]) -> None:
    """Do the work of the rules judge_units and evaluate."""
    units = folder / "units.parquet"
    judge_units(paths, models, [], **JUDGING, reported=["test"], units=units)
    results, classes, sites = (
        [folder / f"{name}.{form}" for form in ("csv", "md", "tex")] for name in ("results", "classes", "sites")
    )
    confusion = folder / "confusion.csv"
    evaluate(units, models, CLASSES, ["test"], STATISTICS, "a", *results, confusion, classes, sites)


def bare_pass(path: Path) -> dict[str, float]:
    """Metrics of a model by scikit-learn, per patient, slide and region."""
    frame = pd.read_parquet(path)
    frame = frame[frame["split"] == "test"]
    found = {}
    for per in ("patient", "slide", "region"):
        units = frame.groupby(per).agg({"label": "first"} | {f"p_{name}": "mean" for name in CLASSES})
        scores, truth = units.iloc[:, 1:].to_numpy(), units["label"].map(CLASSES.index).to_numpy()
        scores /= scores.sum(1, keepdims=True)
        calls = scores.argmax(1)
        of_classes = {"average": "macro", "zero_division": 0}
        found |= {
            f"accuracy per {per}": oracle.accuracy_score(truth, calls),
            f"macro_f1 per {per}": oracle.f1_score(truth, calls, **of_classes),
            f"precision per {per}": oracle.precision_score(truth, calls, **of_classes),
            f"recall per {per}": oracle.recall_score(truth, calls, **of_classes),
            f"kappa per {per}": oracle.cohen_kappa_score(truth, calls),
            f"auroc per {per}": oracle.roc_auc_score(truth, scores, multi_class="ovr"),
            f"average_precision per {per}": oracle.average_precision_score(np.eye(len(CLASSES))[truth], scores),
            f"log_loss per {per}": oracle.log_loss(truth, scores),
            f"brier per {per}": oracle.brier_score_loss(truth, scores, labels=range(len(CLASSES))),
        }
    return found


if __name__ == "__main__":
    main()
