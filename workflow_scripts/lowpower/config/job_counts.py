"""Numbers of jobs and of tested patients of a run, from config and sheet alone."""

from collections.abc import Sequence

from lowpower.config.external_models import external_teacher
from lowpower.config.patients import read_patients
from lowpower.config.sheet_row import PatientRow
from lowpower.config.split_settings import Split
from lowpower.config.splits import assign
from lowpower.config.study import Study
from lowpower.config.study_models import measured_networks, models


def planned_jobs(study: Study, slides: int, judged: int | None = None) -> dict[str, int]:
    """Number of jobs of each rule in a full run, in the order of the chain (target ``all``, itself not counted).

    slides: number of rows of the sheet. judged: number of rows whose patients can be judged, None for all.
    """
    all_models = models(study)
    students = [model for model in all_models if model.method != "teacher"]
    methods = [study.methods[model.method] for model in students]
    external = external_teacher(study) is not None
    uses_recording = any(method.replays_recording for method in methods)
    uses_teacher = any(method.needs_teacher for method in methods)
    scales, seeds = len(study.student_magnifications), len(study.seeds)
    levels = scales if "level" in study.pixels else 0
    jobs = {
        "write_config": 1,
        "make_pseudonyms": int(study.ids == "pseudonym"),
        "make_demo_slide": slides if study.demo else 0,
        "check_slide": slides,
        "mask_tissue": slides,
        "tile_slide": slides,
        "downsample_slide": slides * scales,
        "read_level": (slides if judged is None else judged) * levels,
        "gather_slides": 1,
        "tabulate_slides": 1,
        "index_regions": 1 + scales + levels,
        "split_patients": seeds,
        "count_cohort": 1,
        "train_teacher": 0 if external else seeds,
        "adopt_teacher": seeds if external else 0,
        "choose_teacher": int(study.teacher_choice == "best_validation" and uses_teacher),
        "record_teacher": seeds * study.recording_parts if uses_recording else 0,
        "distill_student": sum(method.distill is not None for method in methods),
        "pretrain_student": sum(method.pretrain is not None for method in methods),
        "finetune_student": len(students),
        "predict": seeds + len(students),
        "measure_cost": len(measured_networks(all_models)),
        "register_claims": 1,
        "judge_units": 1,
        "evaluate": 1,
        "list_patients": 1,
        "judge_claims": 1,
        "compare_cost": 1,
        "count_hours": 1,
        "refer_units": 1,
        "trace_curves": 1,
        "show_examples": 1,
        "draw_figures": 1,
        "write_report": 1,
        "write_model_cards": 1,
        "record_provenance": 1,
    }
    return {rule: count for rule, count in jobs.items() if count}


def count_tested(sheet: Sequence[PatientRow], classes: Sequence[str], seeds: Sequence[int], split: Split) -> int:
    """Number of patients that a study tests: over all folds together, else the smallest number of any seed.

    sheet, split: as for ``splits.find_problems``; a sheet with problems is counted as far as possible.
    """
    patients = read_patients(sheet)
    tested = [
        {
            patient
            for patient, assigned_split in assign(patients, classes, seed, split).items()
            if assigned_split == "test"
        }
        for seed in seeds
    ]
    return len(set().union(*tested)) if split.by == "kfold" else min(map(len, tested))
