"""A finished study of several seeds on disk, as far as `lowpower ranges` reads it."""

import yaml
from prediction_frames import CLASSES, JUDGING, of_level, predictions
from project_paths import CONFIG_SCHEMA, ROOT
from unit_files import write_units

from lowpower import files
from lowpower.config.config_file import read_config
from lowpower.config.study_models import models
from lowpower.config.trained_model import ResultModel
from lowpower.config.training_jobs import result_row
from lowpower.hashes import hash_of
from lowpower.typed_values import as_type

RIGHT = {"teacher": [8, 8, 7], "scratch": [4, 5, 6], "sskd": [7, 7, 7]}  # patients of 8, by seed
SHEET = ROOT / "data/smoke/slides.csv"


def study_of(seeds=(0, 1, 2), **changes):
    """A study of a teacher and two students at 2.5x, with changes to its config."""
    raw = yaml.safe_load((ROOT / "configs/smoke.yaml").read_text())
    raw |= {"slides": str(SHEET), "classes": CLASSES, "methods": {"scratch": None, "sskd": None}, "seeds": list(seeds)}
    return read_config(raw | changes, CONFIG_SCHEMA)


def frames_of(study, right=None):
    """Each model of the study with its predictions. right: as RIGHT."""
    found = []
    for model in models(study):
        patients = (right or RIGHT)[model.method][model.seed]
        frame = predictions(patients)
        about = as_type(ResultModel, result_row(study, model))
        found.append((about, frame if model.method == "teacher" else of_level(frame, patients - 1)))
    return found


def finished_study(folder, seeds=(0, 1, 2)):
    """Write the study; return its folder."""
    study = study_of(seeds)
    folder.mkdir(exist_ok=True)
    write_units(folder, frames_of(study), JUDGING)
    record = {
        "config": study.as_dict(),
        "models_made_with": {"lowpower": ["0.9"], "torch": ["2"]},
        "machine": {"processor": "Abacus 3000", "instructions": ["sse4_2", "avx", "avx2", "fma"]},
        "slides": {"sheet": hash_of(SHEET)},
    }
    files.write_json(folder / "provenance.json", record)
    return folder
