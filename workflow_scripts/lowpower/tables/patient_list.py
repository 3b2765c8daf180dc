"""Every patient with the predicted class of every model, as a table for spreadsheet programs."""

from collections.abc import Sequence
from pathlib import Path

from lowpower.config.trained_model import ResultModel
from lowpower.evaluation.units import Judged
from lowpower.files import CsvRow, write_rows
from lowpower.pseudonyms import OWN, Names, read_names
from lowpower.tables.layout import number
from lowpower.tables.study_rows import groups_of
from lowpower.tables.units_file import read_judged

KNOWN = ["patient", "site", "split", "seed", "truth", "right", "models"]


def list_patients(
    units: str | Path,
    models: Sequence[ResultModel],
    classes: Sequence[str],
    reported: Sequence[str],
    names: str | Path | None,
    csv: str | Path,
) -> None:
    """Write patients.csv; arguments as in ``results_table.evaluate``. names: pseudonyms.csv, or None for own ids."""
    judged = read_judged(units, [model.folder for model in models], reported)
    write_rows(csv, *patient_rows(judged, models, classes, read_names(names)))


def patient_rows(
    judged: Sequence[Judged], models: Sequence[ResultModel], classes: Sequence[str], names: Names = OWN
) -> tuple[list[str], list[CsvRow]]:
    """Columns and rows of patients.csv: one row per patient, split and seed, on area means.

    Each row of results.csv has one column with its predicted class and one with the probability of that class.
    ``right``: number of models, out of ``models``, that predict the true class.
    """
    groups = groups_of(models)
    names_of_rows = [_name(identity) for identity, _ in groups]
    columns = [*KNOWN, *(column for name in names_of_rows for column in (name, f"{name} p"))]
    rows: dict[tuple, CsvRow] = {}
    for one in judged:
        if (one.kind["per"], one.kind["pixels"]) != ("patient", "averaged"):
            continue
        for name, (_, members) in zip(names_of_rows, groups, strict=True):
            for i in members:
                units, seed = one.of_models[i], str(models[i].seed)
                for k, patient in enumerate(units.ids):
                    key = (one.kind["split"], names.patient(patient), int(seed))
                    truth = classes[units.truth[k]]
                    about = (names.patient(patient), units.sites[k], one.kind["split"], seed, truth, 0, 0)
                    row = rows.setdefault(key, dict.fromkeys(columns, "") | dict(zip(KNOWN, about, strict=True)))
                    call = units.probabilities[k].argmax()
                    row["right"] += int(call == units.truth[k])
                    row["models"] += 1
                    row[name] = classes[call]
                    row[f"{name} p"] = number(units.probabilities[k, call], 4)
    order = list(dict.fromkeys(split for split, *_ in rows))
    return columns, [rows[key] for key in sorted(rows, key=lambda key: (order.index(key[0]), *key[1:]))]


def _name(row: CsvRow) -> str:
    """Column name of a row of results.csv."""
    if row["method"] == "teacher":
        return f"teacher {row['magnification']}"
    return f"{row['method']} {row['magnification']} labeled{row['labeled']}-unlabeled{row['unlabeled']}"
