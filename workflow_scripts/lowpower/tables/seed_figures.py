"""The figures of each seed of a finished study, for later runs to expect (``config.expected_file``)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lowpower.config.expected_file import Expected, ExpectedRow
from lowpower.config.study import Study
from lowpower.config.study_models import models
from lowpower.config.table_settings import Statistics
from lowpower.config.trained_model import ResultModel
from lowpower.config.training_jobs import result_row
from lowpower.errors import InputError
from lowpower.files import CsvRow, read_json, write_json
from lowpower.tables import layout
from lowpower.tables.expected_ranges import IDENTITY, TITLES, Range, text_of
from lowpower.tables.result_rows import result_rows
from lowpower.tables.result_sections import named
from lowpower.tables.units_file import read_judged
from lowpower.typed_values import as_type

_FEWEST = Statistics(draws=100, rank_draws=100)  # the figures need no draws


def write_ranges(results: str | Path, file: str | Path | None = None) -> str:
    """Write the figures of each seed of the finished study in ``results``; return their ranges as Markdown.

    file: None to write none. Raises InputError for a study that is not finished or has a single seed.
    """
    expected = collect(results)
    if file is not None:
        write_json(file, asdict(expected))
    return summary(expected)


def collect(results: str | Path) -> Expected:
    """Compute the figures of each seed from units.parquet: those of results.csv, if the study had that seed alone."""
    folder = Path(results)
    if not (folder / "provenance.json").is_file():
        raise InputError(
            f"{folder} is not the folder of a finished study: it has no provenance.json; run the study to its end"
        )
    record = read_json(folder / "provenance.json")
    study = as_type(Study, record["config"])
    if len(study.seeds) < 2:
        raise InputError(f"{folder} is a study of one seed, which has no range; write two or more `seeds`, and run it")
    reported = ["test", "external"] if study.report_split == "test" else ["val"]
    rows: dict[tuple[str, ...], list[CsvRow]] = {}
    for seed in study.seeds:
        of_seed = [as_type(ResultModel, result_row(study, model)) for model in models(study) if model.seed == seed]
        judged = read_judged(folder / "units.parquet", [model.folder for model in of_seed], reported)
        for row in result_rows(judged, of_seed, _FEWEST):
            if row["per"] != "slide":  # which no table for people shows
                rows.setdefault(tuple(row[key] for key in IDENTITY), []).append(row)
    return Expected(
        command=f"lowpower ranges results/{study.cohort}",  # wherever the study lies
        lowpower=" ".join(record["models_made_with"]["lowpower"]),
        processor=_kind_of(record["machine"]),
        sheet=record["slides"]["sheet"],
        config=record["config"],
        rows=[ExpectedRow(*key, figures=_figures(of_seeds, len(study.seeds))) for key, of_seeds in rows.items()],
    )


def _kind_of(machine: Mapping[str, Any]) -> str:
    """Processor with its vector instructions, on which the last digits of a training depend."""
    vectors = [name for name in machine["instructions"] if name.startswith(("avx", "amx", "asimd", "sve"))]
    return " ".join([machine["processor"], *(["with", *vectors] if vectors else [])])


def _figures(of_seeds: Sequence[CsvRow], seeds: int) -> dict[str, str]:
    """Figures of a row by metric; without metrics that a seed lacks, such as the teacher's difference to itself."""
    cells = {metric: [row[metric] for row in of_seeds if row[metric]] for metric in TITLES}
    return {metric: " ".join(own) for metric, own in cells.items() if len(own) == seeds}


def summary(expected: Expected) -> str:
    """Mean, range and standard deviation over seeds as Markdown, a table for each kind of unit, split and pixels."""
    kinds: dict[str, list[ExpectedRow]] = {}
    for row in expected.rows:
        read = ", read from the slide's own level" if row.pixels == "level" else ""
        title = f"Per {row.per}, {row.split}{read} ({len(expected.config['seeds'])} seeds)"
        kinds.setdefault(title, []).append(row)
    note = (
        "Percent: the mean of all seeds, the lowest and the highest; SD: standard deviation of the seeds' accuracies. "
        f"lowpower {expected.lowpower}, {expected.processor}."
    )
    return layout.summary_of([(title, _table(rows)) for title, rows in kinds.items()], note)


def _table(rows: Sequence[ExpectedRow]) -> list[CsvRow]:
    """Rows for people, with the metrics that any of them has; blank for the teacher's difference to itself."""
    metrics = [metric for metric in TITLES if any(metric in row.figures for row in rows)]
    table = []
    for row in rows:
        cells = named(asdict(row))
        for metric in metrics:
            figures = [float(figure) for figure in row.figures.get(metric, "").split()]
            cells[TITLES[metric]] = text_of(metric)(*Range(figures).cells()) if figures else ""
            if metric == "accuracy":
                deviation = layout.number(float(np.std(figures, ddof=1)), 4) if figures else ""
                cells["SD"] = layout.decimals(deviation, 1, times=100)
        table.append(cells)
    return table
