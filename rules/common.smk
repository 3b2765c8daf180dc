"""Config, sheet and study, read once; every path and every value that depends on them is built here."""

import sys
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

HOME = Path(str(workflow.current_basedir)).parent
sys.path.insert(0, str(HOME / "workflow_scripts"))

from lowpower import magnification
from lowpower.errors import InputError
from lowpower.study.code import code_hash
from lowpower.study.config import read_config, region_multiple
from lowpower.study.division import find_problems
from lowpower.study.machine import check_writable
from lowpower.study.plan import planned_jobs
from lowpower.study.sheet import by_file_name, read_sheet
from lowpower.study.study import Model, models, steps_of, uses_unlabeled

# A preset is complete: config.yaml is read only when no --configfile is given, or Snakemake would merge the two.
if not workflow.configfiles:

    configfile: "config.yaml"


try:
    STUDY = read_config(config, HOME / "schemas/config.schema.yaml")
    SLIDES = by_file_name(read_sheet(STUDY["slides"], HOME / "schemas/sheet.schema.yaml"))
    check_writable(OUT := f"results/{STUDY['cohort']}")
except InputError as error:
    raise WorkflowError(str(error))

TEACHER = magnification.name_of(STUDY["teacher_magnification"])
STUDENTS = [magnification.name_of(low) for low in STUDY["student_magnifications"]]
MODELS = models(STUDY)
FOLDERS = {model.folder: model for model in MODELS}
NETWORK = "resnet10"  # as lowpower.models.resnet.NAME, which would take a torch import here
LIVE = STUDY["views"] == "live"
DEMO = STUDY.get("demo")
PEOPLE = [
    {key: row[key] for key in ("slide", "patient", "site", "label", "true_label", "split")} for row in SLIDES.values()
]
# What the sheet lacks for training is told before any slide is opened. The targets that come before training show it
# instead. Snakemake knows its targets only after this file is read, so they are looked for among its arguments.
PROBLEMS = find_problems(PEOPLE, STUDY["classes"], STUDY["seeds"], STUDY["split"], STUDY["unit"] == "annotation")
if PROBLEMS and not {"intake", "plan", "--target-jobs"} & set(sys.argv):
    reasons = "\n".join(f"- {problem}" for problem in PROBLEMS)
    raise WorkflowError(
        f"{STUDY['slides']} does not allow to train yet:\n{reasons}\n"
        "To see the slides before that is mended: snakemake intake (and the same --configfile)."
    )


wildcard_constraints:
    slide=r"(?![0-9.]+x[./])[^/]+",  # a name such as 10x is a magnification's; safe_name gives none to a slide
    magnification=r"[0-9.]+x",
    method="|".join(STUDY["methods"]),
    labeled=r"\d+",
    unlabeled=r"\d+",
    seed=r"\d+",
    part=r"\d+",


def code(rule):
    """Hash of what a rule's script does, for its params (a changed comment reruns nothing, a changed helper does)."""
    return code_hash(HOME / f"workflow_scripts/{rule}.py")


def index(scale):
    """The index of all regions at a magnification, such as 2.5x."""
    return f"{OUT}/regions/{scale}.csv"


def splits_of(seed):
    """Who trains, validates and tests for a seed."""
    return f"{OUT}/splits/seed{seed}.csv"


def per_slide(pattern):
    """One path for each slide of the sheet."""
    return expand(f"{OUT}/{pattern}", slide=SLIDES)


def slide_input(wildcards):
    """A demo slide is made by a rule. A user's is a parameter: a missing file as input would stop the whole DAG."""
    return SLIDES[wildcards.slide]["file"] if DEMO else []


@cache
def stamp(path):
    """What tells that a user's file has changed: its size and modification time; of a missing or no file, nothing."""
    if not path:
        return []
    try:
        status = Path(path).stat()
    except OSError:
        return []
    return [status.st_size, int(status.st_mtime)]


def beside_sheet(slide, column):
    """The file that a column of the sheet names, as seen from the working folder, or blank."""
    name = SLIDES[slide][column]
    return str(Path(STUDY["slides"]).parent / name) if name else ""


def annotation_of(slide):
    """A slide's annotations, or blank where the study does not cut by them: then naming some reruns nothing."""
    return beside_sheet(slide, "annotation") if STUDY["unit"] == "annotation" else ""


def student(wildcards):
    """The model that wildcards name."""
    labeled, unlabeled, seed = int(wildcards.labeled), int(wildcards.unlabeled), int(wildcards.seed)
    return Model(wildcards.method, magnification.parse(wildcards.magnification), labeled, unlabeled, seed)


def seed_folder(wildcards):
    """Folder of the teacher whose student the wildcards name: the student of seed s has the teacher of seed s."""
    return f"{OUT}/teacher/seed{wildcards.seed}"


def recipe(rule, model, steps):
    """The params that every training shares: plain values, from which a script does the same anywhere."""
    about = {"magnification": model.magnification, "method": model.method, "seed": model.seed}
    settings = ("unit", "tissue", "jpeg_quality", "augmentation")
    settings += ("grid",) if STUDY["unit"] == "grid" else ("max_side_um",)
    return {
        "name": f"{model.method} at {magnification.name_of(model.magnification)}",
        "about": about | {key: STUDY[key] for key in settings},
        "steps": steps,
        "labeled": model.labeled,
        "unlabeled": model.unlabeled,
        **{key: STUDY[key] for key in ("classes", "training", "augmentation", "gpu")},
        "seed": model.seed,
        "code": code(rule),
    }


def distillation_input(wildcards):
    """The recording, if any, with the teacher and the pixels that it must be of; or that look themselves."""
    teacher = f"{seed_folder(wildcards)}/model.safetensors"
    files = {"index": index(wildcards.magnification), "splits": splits_of(wildcards.seed)}
    parts = [] if LIVE else range(STUDY["recording_parts"])
    files["targets"] = [f"{OUT}/targets/seed{wildcards.seed}/part{part}.safetensors" for part in parts]
    return files | {"teacher": teacher, "teacher_index": index(TEACHER)}


def finetuning_input(wildcards):
    """What a student starts from: itself as distilled, the teacher's weights, or nothing."""
    row = STUDY["methods"][wildcards.method]
    files = {"index": index(wildcards.magnification), "splits": splits_of(wildcards.seed)}
    if row["distill"]:
        folder = f"{OUT}/{student(wildcards).folder}"
        return files | {"start": f"{folder}/distilled.safetensors", "start_history": f"{folder}/distilled.csv"}
    return files | ({"start": f"{seed_folder(wildcards)}/model.safetensors"} if row["init"] == "teacher" else {})


def student_job(rule, stage):
    """A function of wildcards: the params of one stage (distill or finetune) of a student."""

    def job(wildcards):
        model = student(wildcards)
        row = STUDY["methods"][model.method]
        steps = steps_of(row, STUDY["training"]["steps"])[("distill", "finetune").index(stage)]
        reduction = magnification.reduction_between(STUDY["teacher_magnification"], model.magnification)
        return recipe(rule, model, steps) | {stage: row[stage], "init": row["init"], "reduction": reduction}

    return job


def model_files(name, chosen=MODELS):
    """One path for each model, in the order of the study."""
    return [f"{OUT}/{model.folder}/{name}" for model in chosen]


# Test data are predicted only once the study is final; nothing else ever looks at them.
REPORTED = ["test", "external"] if STUDY["report_split"] == "test" else ["val"]
# Shown beside its teacher: of the first seed and the lowest magnification, a student distilled on all images if any.
EXAMPLE_STUDENT = max(
    (model for model in MODELS if model.method != "teacher" and model.seed == STUDY["seeds"][0]),
    key=lambda model: (
        bool(STUDY["methods"][model.method]["distill"]) + uses_unlabeled(STUDY["methods"][model.method]),
        -model.magnification,
    ),
)
EXAMPLE_TEACHER = Model("teacher", STUDY["teacher_magnification"], 100, 0, EXAMPLE_STUDENT.seed)
GPUS = int(STUDY["gpu"])
TRAINING_MB = 2000 + 2 * STUDY["training"]["memory_mb"]
