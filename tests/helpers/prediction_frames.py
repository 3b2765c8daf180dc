"""Predictions of made-up models on made-up patients, and the tables of a study of them."""

import pandas as pd
from unit_files import write_units

from lowpower.config.table_settings import Statistics
from lowpower.config.trained_model import ResultModel
from lowpower.evaluation.aggregation import Aggregation
from lowpower.tables.result_rows import result_rows
from lowpower.tables.results_table import evaluate
from lowpower.tables.unit_judging import judge

CLASSES = ["a|b", "c"]
JUDGING = {"classes": CLASSES, "regions_have_labels": True, "aggregation": Aggregation("mean", 3)}
STATISTICS = Statistics(draws=200, rank_draws=100, fewest_patients=2)


def predictions(right, patients=8, regions=3, split="test"):
    """Each patient has one slide of its class; the first ``right`` patients are judged rightly."""
    rows = []
    for p in range(patients):
        truth = p % 2
        guess = truth if p < right else 1 - truth
        for k in range(regions):
            rows.append(
                {
                    "region": f"s{p}_{k}", "slide": f"s{p}", "patient": f"p{p}", "site": "", "split": split,
                    "label": CLASSES[truth], "true_label": "", "label_source": "slide", "area_mm2": 1.0 + k,
                    "pixels": "averaged", "p_a|b": 0.9 if guess == 0 else 0.1, "p_c": 0.1 if guess == 0 else 0.9,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def model(method, scale=2.5, unlabeled=0, seed=0):
    return ResultModel(method=method, magnification=scale, labeled=100, unlabeled=unlabeled, seed=seed, steps=300)


STUDY = [
    (model("teacher", 10), predictions(8)),
    (model("scratch", 2.5), predictions(4)),
    (model("scratch", 5), predictions(6)),
    (model("sskd", 2.5, 100), predictions(7)),
    (model("sskd", 2.5, 50), predictions(6)),
    (model("sskd", 5, 100), predictions(8)),
]


def rows_of(study, regions_have_labels=True):
    judged = judge(
        [frame for _, frame in study], CLASSES, regions_have_labels=regions_have_labels, splits=["test", "external"]
    )
    return result_rows(judged, [about for about, _ in study], STATISTICS)


def of_level(frame, right):
    """The same regions of a model, the first ``right`` patients of them judged rightly from the slide's own level."""
    return pd.concat([frame, predictions(right).assign(pixels="level")])


BOTH = [
    (about, frame if about.method == "teacher" else of_level(frame, right))
    for (about, frame), right in zip(STUDY, (0, 3, 6, 5, 6, 8), strict=True)
]
FORMS = [f"{name}_{form}" for name in ("classes", "sites") for form in ("csv", "md", "tex")]
TABLES = ["csv", "md", "tex", "confusion", *FORMS]


def written(folder, study, name="one", judging=JUDGING, **changes):
    """The paths of every table of a study."""
    folder.mkdir(exist_ok=True)
    units, models = write_units(folder, study, judging)
    tables = {table: folder / f"{name}.{table}" for table in TABLES}
    settings = {
        "units": units,
        "models": models,
        "classes": CLASSES,
        "reported": ["test"],
        "statistics": STATISTICS,
        "positive_class": "",
        **{name: tables[name] for name in TABLES[:4]},
        "class_tables": [tables[name] for name in FORMS[:3]],
        "site_tables": [tables[name] for name in FORMS[3:]],
    }
    evaluate(**settings | changes)
    return tables


def with_validation(frame, right):
    return pd.concat([frame, predictions(right, split="val")])
