"""Summary of a study before any job: config, sheet and claims, read as the Snakefile reads them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from lowpower.claims.claims_file import read_claims, resolve
from lowpower.config.config_file import read_config, read_files
from lowpower.config.expected_differences import expected_differences
from lowpower.config.external_models import check_external_models, external_teacher
from lowpower.config.folder_checks import check_project_path, check_writable
from lowpower.config.patients import SPLITS, read_patients
from lowpower.config.previous_run import check_same_study
from lowpower.config.sheet import read_sheet
from lowpower.config.sheet_row import PatientRow, SheetRow
from lowpower.config.splits import assign, find_problems
from lowpower.config.study import Study
from lowpower.config.study_models import models
from lowpower.config.trained_model import Model
from lowpower.errors import InputError
from lowpower.magnification import name_of
from lowpower.text import count_of, join_lines

_MOST = 20  # problems of a sheet, as many as the Snakefile lists


def summarize_study(files: Sequence[str | Path], home: str | Path) -> str:
    """Return cohort, patients per split, models and claims of a study, one line each.

    files: config files. home: folder of the project. Raises InputError for anything that would stop the workflow
    before its first job.
    """
    schemas = Path(home) / "schemas"
    check_project_path(home)
    raw, written = read_files(files)
    study = read_config(raw, schemas / "config.schema.yaml", written)
    sheet = read_sheet(study.slides, schemas / "sheet.schema.yaml")
    check_external_models(study)
    results = f"results/{study.cohort}"
    check_writable(results)
    check_same_study(study, results)
    expected_differences(study, schemas / "config.schema.yaml")
    trained = models(study)
    claims_file = study.claims or Path(home) / "configs/claims.yaml"
    claims = resolve(read_claims(claims_file, schemas / "claims.schema.yaml").claims, study, trained)
    problems = find_problems(
        [PatientRow.of(row) for row in sheet], study.classes, study.seeds, study.split, study.unit == "annotation"
    )
    if problems:
        reasons = join_lines([f"- {problem}" for problem in problems], _MOST)
        raise InputError(f"{study.slides} is not ready for training:\n{reasons}")
    patients = len({row.patient for row in sheet})
    excluded = sum(bool(row.exclude) for row in sheet)
    tested = sum(bool(claim.arms) for claim in claims)
    lines = [
        f"cohort    {study.cohort}: {count_of(len(sheet), 'slide')} of {count_of(patients, 'patient')}"
        f"{f', {excluded:,} excluded by the sheet' if excluded else ''} ({study.slides})",
        f"classes   {', '.join(study.classes)}",
        *_splits(study, sheet),
        *_models(study, trained),
        f"claims    {len(claims)}, of which {tested} can be tested with these models ({claims_file})",
        f"results   {results}, of {'test' if study.report_split == 'test' else 'validation'} patients",
    ]
    return "\n".join(lines)


def _splits(study: Study, sheet: Sequence[SheetRow]) -> list[str]:
    """Patients per split; seeds with equal counts share a line."""
    patients = read_patients([PatientRow.of(row) for row in sheet])
    seeds_of: dict[str, list[str]] = {}
    for seed in study.seeds:
        assigned = assign(patients, study.classes, seed, study.split)
        counts = Counter(assigned.values())
        labeled = sum(split == "train" and bool(patients[patient].label) for patient, split in assigned.items())
        parts = [f"{counts[split]:,} {split}" for split in SPLITS if counts[split]]
        numbers = f"{parts[0]} ({labeled:,} labeled), {', '.join(parts[1:])}"
        seeds_of.setdefault(numbers, []).append(str(seed))
    return [
        f"patients  {numbers}: seed{'s' if len(seeds) > 1 else ''} {', '.join(seeds)}"
        for numbers, seeds in seeds_of.items()
    ]


def _models(study: Study, trained: Sequence[Model]) -> list[str]:
    """Number of models, in all and for each row, with their magnifications."""
    lines = [f"models    {len(trained):,} in all"]
    for method in dict.fromkeys(model.method for model in trained):
        row = [model for model in trained if model.method == method]
        scales = ", ".join(dict.fromkeys(name_of(model.magnification) for model in row))
        file = external_teacher(study) if method == "teacher" else None
        lines.append(f"          {len(row):,} {method} at {scales}{f', not trained here: {file}' if file else ''}")
    return lines
