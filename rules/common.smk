"""Config, sheet and study, read once; all paths and values that depend on them are built here."""

import shlex
import sys
from dataclasses import asdict
from functools import cache
from pathlib import Path

from snakemake.exceptions import WorkflowError

HOME = Path(str(workflow.current_basedir)).parent
# A copy of the project runs its own library, even if another is installed; with --sdm conda, none is installed.
sys.path.insert(0, str(HOME / "workflow_scripts"))
sys.executable = shlex.quote(sys.executable)  # Snakemake runs scripts by it in a shell, unquoted

from lowpower import magnification
from lowpower.errors import InputError
from lowpower.config.code_hash import code_hash
from lowpower.config.config_file import read_config, read_unquoted
from lowpower.config.splits import can_be_judged, find_problems
from lowpower.config.previous_run import check_same_study
from lowpower.config.expected_differences import expected_differences
from lowpower.config.external_models import check_external_models, external_teacher
from lowpower.config.training_jobs import example_student, result_row, stage_before, student_job, teacher_folder
from lowpower.config.training_jobs import teacher_job, time_files, timed_row
from lowpower.config.folder_checks import check_project_path, check_writable
from lowpower.config.job_counts import count_tested, planned_jobs
from lowpower.config.region_sizes import region_multiple
from lowpower.config.sheet import by_file_name, read_sheet
from lowpower.config.sheet_row import PatientRow
from lowpower.config.study_models import level_of, measured_networks, models
from lowpower.config.trained_model import Model
from lowpower.sizes import further_pass_mb
from lowpower.text import join_lines

# Snakemake reads them too, but silently loses or changes some values. A config from another workflow has no file.
try:
    UNQUOTED = {} if workflow.modifier.skip_configfile else read_unquoted(workflow.configfiles or ["config.yaml"])
except InputError as error:
    raise WorkflowError(str(error))

# A preset is complete: config.yaml is read only without --configfile; otherwise Snakemake would merge the two.
if not workflow.configfiles:

    configfile: "config.yaml"


try:
    check_project_path(HOME)
    STUDY = read_config(config, HOME / "schemas/config.schema.yaml", UNQUOTED)
    SLIDES = by_file_name(read_sheet(STUDY.slides, HOME / "schemas/sheet.schema.yaml"))
    check_external_models(STUDY)
    check_writable(OUT := f"results/{STUDY.cohort}")
    check_same_study(STUDY, OUT)
    # What makes the study another one than that of its expected figures, so that these do not apply.
    DIFFERING = expected_differences(STUDY, HOME / "schemas/config.schema.yaml")
except InputError as error:
    raise WorkflowError(str(error))

TEACHER = magnification.name_of(STUDY.teacher_magnification)
STUDENTS = [magnification.name_of(low) for low in STUDY.student_magnifications]
MODELS = models(STUDY)
FOLDERS = {model.folder: model for model in MODELS}
NETWORKS = [(network, magnification.name_of(scale)) for network, scale in measured_networks(MODELS)]
DEMO = STUDY.demo
PEOPLE = [PatientRow.of(row) for row in SLIDES.values()]
JUDGED = {name: row for name, row in SLIDES.items() if can_be_judged(row, STUDY.split.by)}
# Problems of the sheet stop a run before any slide is opened; targets before training show them instead. Snakemake
# knows its targets only after reading this file, so they are looked up in its arguments.
PROBLEMS = find_problems(PEOPLE, STUDY.classes, STUDY.seeds, STUDY.split, STUDY.unit == "annotation")
if PROBLEMS and not {"intake", "plan", "--target-jobs"} & set(sys.argv):
    reasons = join_lines([f"- {problem}" for problem in PROBLEMS], 20)
    raise WorkflowError(
        f"{STUDY.slides} is not ready for training:\n{reasons}\n"
        "To see the slides before you fix that: snakemake intake (and the same --configfile)."
    )


wildcard_constraints:
    slide=r"(?![0-9.]+x(-level)?\.csv$)[^/]+",  # regions/10x.csv is an index; safe_name names no slide 10x
    magnification=r"[0-9.]+x",
    scale=r"[0-9.]+x(-level)?",  # of an index: 2.5x holds area means, 2.5x-level pixels of the slide's own level
    network="|".join(dict.fromkeys(network for network, _ in NETWORKS)),
    method="|".join(STUDY.methods),
    labeled=r"\d+",
    unlabeled=r"\d+",
    seed=r"\d+",
    part=r"\d+",


def code(rule):
    """Hash of a rule's code, for its params (a changed helper reruns the rule, a changed comment does not)."""
    return code_hash(HOME / f"workflow_scripts/{rule}.py")


def unformatted(value):
    """Wrap a value for params in a function, because Snakemake takes {words} in text and lists for wildcards."""
    return lambda wildcards: value


def index(scale):
    """Index of all regions at a magnification, such as 2.5x, or of evaluated regions read from levels, 2.5x-level."""
    return f"{OUT}/regions/{scale}.csv"


def splits_of(seed):
    """Splits file of a seed."""
    return f"{OUT}/splits/seed{seed}.csv"


def slides_of_index(scale=""):
    """Slides of an index: all, or for pixels of their own level, those whose patients can be evaluated."""
    return JUDGED if scale.endswith("-level") else SLIDES


def per_slide(pattern, scale=""):
    """One path for each slide of the sheet, or of an index. Call it in a function: all cluster jobs read the rules."""
    return expand(f"{OUT}/{pattern}", slide=slides_of_index(scale))


def slide_input(wildcards):
    """File of a demo slide, which a rule makes."""
    return SLIDES[wildcards.slide].file


@cache
def stamp(path):
    """Size and modification time of a user's file, to detect changes; empty for a missing or blank path."""
    if not path:
        return []
    try:
        status = Path(path).stat()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return []
    return [status.st_size, int(status.st_mtime)]


def beside_sheet(slide, column):
    """File named in a column of the sheet, relative to the working folder, or blank."""
    name = getattr(SLIDES[slide], column)
    return str(Path(STUDY.slides).parent / name) if name else ""


def annotation_of(slide):
    """Annotation file of a slide; blank unless the unit is annotation, so that adding a file reruns nothing."""
    return beside_sheet(slide, "annotation") if STUDY.unit == "annotation" else ""


def student(wildcards):
    """Model of these wildcards."""
    labeled, unlabeled, seed = int(wildcards.labeled), int(wildcards.unlabeled), int(wildcards.seed)
    network = STUDY.methods[wildcards.method].network
    return Model(wildcards.method, magnification.parse(wildcards.magnification), labeled, unlabeled, seed, network)


def teacher_of(wildcards):
    """Teacher whose recording and weights the students of a seed use."""
    return f"{OUT}/{teacher_folder(STUDY, wildcards.seed)}/model.safetensors"


def recorded_targets(wildcards):
    """Recording that a student is distilled from; empty if the teacher runs at each step."""
    online = STUDY.methods[wildcards.method].distill.teacher == "online"
    parts = [] if online else range(STUDY.recording_parts)
    return [f"{OUT}/targets/seed{wildcards.seed}/part{part}.safetensors" for part in parts]


def start_of(wildcards):
    """Start weights of fine-tuning: of an earlier stage, of the teacher or of a file; empty for random weights."""
    row = STUDY.methods[wildcards.method]
    if before := stage_before(row):
        return f"{OUT}/{student(wildcards).folder}/{before}.safetensors"
    return {"random": [], "teacher": teacher_of(wildcards)}.get(row.init, row.init)


def start_history_of(wildcards):
    """History of the stage before fine-tuning, if any."""
    before = stage_before(STUDY.methods[wildcards.method])
    return f"{OUT}/{student(wildcards).folder}/{before}.csv" if before else []


def student_params(rule, stage):
    """Make the function of wildcards for the params of a student's stage (pretrain, distill or finetune)."""
    return lambda wildcards: asdict(student_job(STUDY, student(wildcards), stage, code(rule)))


def model_files(name):
    """One path for each model, in the order of the study."""
    return [f"{OUT}/{model.folder}/{name}" for model in MODELS]


# Test data are predicted only once the study is final; no other step reads them. Validation data are always predicted,
# because tables choose thresholds, among other things, on them.
REPORTED = ["test", "external"] if STUDY.report_split == "test" else ["val"]
PREDICTED = list(dict.fromkeys(["val", *REPORTED]))
UNITS = f"{OUT}/units.parquet"  # all evaluated units: the source of every table of results
EXAMPLE_STUDENT = example_student(STUDY, MODELS)
EXAMPLE_TEACHER = Model("teacher", STUDY.teacher_magnification, 100, 0, EXAMPLE_STUDENT.seed, STUDY.teacher_network)
GPUS, PROCESSES = int(STUDY.gpu), STUDY.training.processes  # of one training


def training_mb(wildcards, attempt):
    """Memory of one training; more after SLURM reported too little (profiles/slurm)."""
    method = getattr(wildcards, "method", None)
    network = STUDY.methods[method].network if method else STUDY.teacher_network
    further = further_pass_mb(network, STUDY.training.megapixels_per_pass)
    return attempt * PROCESSES * round(2000 + further + 2 * STUDY.training.memory_mb)
