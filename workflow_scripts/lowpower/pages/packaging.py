"""Package a model: its weights, all that reading new slides needs, and its card, in one folder (docs/reading.md)."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from lowpower.config.package import ABOUT, CARD, FORMAT_VERSION, TERMS, WEIGHTS, Counted, Package, TeacherPackage
from lowpower.config.packaged_models import package_name
from lowpower.config.region_sizes import region_multiple
from lowpower.config.study_models import level_of
from lowpower.config.trained_model import Model, ResultModel
from lowpower.evaluation.units import Judged
from lowpower.files import replacing, write_json
from lowpower.hashes import hash_of
from lowpower.log import say
from lowpower.magnification import mpp_of
from lowpower.model_header import model_header
from lowpower.pages.model_card import FinishedStudy, card_of, read_study
from lowpower.tables.referral_results import mean_log_loss
from lowpower.tables.study_rows import groups_of
from lowpower.tables.units_file import read_judged
from lowpower.tables.validation_choices import choices_of

READING = """\
## Reading slides

This folder is all that `lowpower read` needs besides slides:

    lowpower read {folder} SLIDE --out readings

SLIDE may be a slide, a folder of slides or a sheet. `model.json` has every setting and every value
that validation data chose (described in lowpower's `schemas/package.schema.yaml`). {terms}
"""


def package_model(
    config: str | Path,
    intake: str | Path,
    cohort: str | Path,
    results: str | Path,
    cost: str | Path,
    splits: Sequence[str | Path],
    units: str | Path,
    files: Sequence[str | Path],
    models: Sequence[Model],
    scanners: Sequence[str],
    student: Sequence[str | Path],
    teacher: Sequence[str | Path],
) -> None:
    """Write the package of the best of several models, and its teacher's package.

    The best is the row with the lowest validation log loss of patients, and of its seeds the one with the lowest.
    units: units.parquet. files: model files, parallel to models: the candidates and every seed's teacher. student,
    teacher: model.json, model.safetensors and README.md of each; no teacher where a teacher is to be packaged. Other
    arguments as in ``model_card.write_model_cards``.
    """
    finished = read_study(config, intake, cohort, results, cost, splits, scanners)
    file_of = dict(zip(models, map(Path, files), strict=True))
    candidates = [model for model in models if model.method != "teacher"] if teacher else list(models)
    best = choose_model(read_judged(units, [model.folder for model in candidates], ["val"]), candidates)
    reference = None
    if teacher:
        own = next(model for model in models if model.method == "teacher" and model.seed == best.seed)
        about = _about(finished, own, file_of[own], read_judged(units, [own.folder], ["val"]))
        _write(about, finished, own, file_of[own], teacher)
        reference = TeacherPackage(name=about.name, sha256=hash_of(teacher[0]))
        judged = read_judged(units, [best.folder, own.folder], ["val"])
    else:
        judged = read_judged(units, [best.folder], ["val"])
    about = _about(finished, best, file_of[best], judged, reference)
    _write(about, finished, best, file_of[best], student)
    say(f"{Path(student[0]).parent}: {about.name}, of {len(candidates)}; read slides with it: `lowpower read`")


def choose_model(judged: Sequence[Judged], models: Sequence[Model]) -> Model:
    """Return the model of the row, and of its seeds the seed, with the lowest validation log loss of patients.

    judged: their validation units. The first in the order of the tables on ties.
    """
    patients = [one for one in judged if (one.kind["per"], one.kind["pixels"]) == ("patient", "averaged")]
    of_models = patients[0].of_models if patients else [None] * len(models)

    def loss(members: Sequence[int]) -> float:
        mean = mean_log_loss([of_models[i] for i in members])
        return float("inf") if mean is None else mean

    rows = groups_of([ResultModel(**model.as_row()) for model in models])
    members = min((members for _, members in rows), key=loss)
    return models[min(members, key=lambda i: loss([i]))]


def _about(
    finished: FinishedStudy, model: Model, file: Path, judged: Sequence[Judged], teacher: TeacherPackage | None = None
) -> Package:
    study, header = finished.study, model_header(file)
    positive = study.classes.index(study.positive_class) if study.positive_class else None
    counts = [row for row in finished.cohort if str(model.seed) in row.seeds.split()]
    return Package(
        format_version=FORMAT_VERSION,
        name=package_name(model),
        cohort=study.cohort,
        method=model.method,
        magnification=model.magnification,
        mpp=mpp_of(model.magnification),
        labeled=model.labeled,
        unlabeled=model.unlabeled,
        seed=model.seed,
        classes=header.classes,
        positive_class=study.positive_class,
        network=header.architecture,
        mean=header.mean,
        std=header.std,
        sha256=hash_of(file),
        fingerprint=header.fingerprint,
        teacher=teacher,
        teacher_magnification=study.teacher_magnification,
        region_multiple=region_multiple(study),
        unit=study.unit,
        max_side_um=study.max_side_um,
        tissue=study.tissue,
        grid=study.grid,
        jpeg_quality=study.jpeg_quality,
        pixels=["averaged", "level"] if level_of(model, study) else ["averaged"],
        megapixels_per_pass=study.training.megapixels_per_pass,
        top_k=study.top_k,
        choices=choices_of(judged, positive, teacher is not None),
        counts=[
            Counted(
                split=row.split,
                label=row.class_,
                patients=row.patients,
                slides=row.slides,
                regions=row.regions,
                area_mm2=row.area_mm2,
            )
            for row in counts
        ],
        note=study.note,
        terms=TERMS,
        versions=header.versions or {},
    )


def _write(about: Package, finished: FinishedStudy, model: Model, file: Path, outputs: Sequence[str | Path]) -> None:
    """Write model.safetensors, README.md and model.json, the last because it has the hash of the weights."""
    to = {Path(path).name: path for path in outputs}
    with replacing(to[WEIGHTS]) as part:
        shutil.copyfile(file, part)
    card = card_of(finished, file, model) + "\n" + READING.format(folder=Path(to[CARD]).parent.name, terms=about.terms)
    with replacing(to[CARD]) as part:
        part.write_text(card, encoding="utf-8")
    write_json(to[ABOUT], about.as_dict())
