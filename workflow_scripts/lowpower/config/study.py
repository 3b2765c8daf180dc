"""The study: every key of a config, with its default, range and description."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.method_settings import METHOD_NAME, Method
from lowpower.config.settings import ABSENT, REQUIRED, Settings, setting
from lowpower.config.slide_settings import LARGEST_SEED, Demo, Grid, Tissue
from lowpower.config.split_settings import Split
from lowpower.config.table_settings import Cost, Plan, Statistics
from lowpower.config.teacher_settings import PretrainedTeacher
from lowpower.config.trained_model import DEFAULT_NETWORK
from lowpower.config.training_settings import Augmentation, Training


@dataclass(frozen=True, kw_only=True)
class Study(Settings):
    """A complete config."""

    cohort: str = setting(
        REQUIRED,
        "Name of the cohort; everything is written under results/{cohort}/.",
        pattern="^[A-Za-z0-9_-]{1,100}$",
        form="up to 100 letters (A to Z, a to z), digits, - and _, such as my_cohort",
    )
    slides: str = setting(
        REQUIRED,
        "Path of the sheet of slides (.csv, .tsv or .xlsx), relative to the working folder.",
        minLength=1,
    )
    note: str = setting(
        "",
        "A sentence that the report shows above all numbers, such as the source of the slides, or that their scale "
        "is declared and not measured.",
    )
    classes: list[str] = setting(
        REQUIRED,
        "The classes, in the order of every table and model; each is a label of the sheet. No two may differ only in "
        "case, spaces or the encoding of letters.",
        minItems=2,
        uniqueItems=True,
        items={"pattern": r"^\S(.{0,98}\S)?$", "form": "up to 100 letters on one line, without a space at either end"},
    )
    demo: Demo | None = setting(
        ABSENT, "Only for a demo cohort, whose slides the workflow draws. Its sheet needs true_label for every slide."
    )
    regions_have_labels: bool = setting(
        False,
        "True if a slide's label holds for each of its regions. Results per region are shown only then, or with "
        "annotations.",
    )
    ids: Literal["own", "pseudonym"] = setting(
        "own",
        "Ids of slides and patients in tables, figures, examples, pages and model cards: own are those of the sheet, "
        "pseudonym are keyed pseudonyms (docs/running.md). Slides, regions, splits, predictions and logs keep the "
        "sheet's ids.",
    )
    on_excluded: Literal["continue", "fail"] = setting(
        "continue",
        "continue goes on without the slides that cannot be used; fail stops the run after intake. Either way "
        "tables/intake.csv lists them.",
    )
    min_usable_slides: int = setting(
        1, "Minimum number of usable slides; with fewer, the run stops after intake.", minimum=1
    )
    split: Split = setting(Split(), "How patients are divided into train, val and test.")
    teacher_magnification: float = setting(
        REQUIRED, "Magnification of the teacher; 10 is 10x (1.0 µm/px).", minimum=0.1, maximum=80
    )
    student_magnifications: list[float] = setting(
        REQUIRED,
        "Magnifications of the students: the teacher's divided by an even number (2, 4, 6 …). Four digits are enough: "
        "1.667 is 10 / 6.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 0.001},
    )
    coarsest_magnification: float = setting(
        0,
        "Lowest magnification that a student of this cohort may ever have. Region sizes are rounded up to fit it, so "
        "a lower value allows adding such students later without tiling the slides again. 0 means the lowest of "
        "student_magnifications.",
        minimum=0,
    )
    teacher: str | PretrainedTeacher = setting(
        "paired",
        "Teacher that students learn from, and whose weights start rows with init teacher. paired gives the student "
        "of seed s the teacher of seed s; best_validation gives all of them the teacher with the lowest validation "
        "log loss, and needs seeds that all test the same patients (split.by sheet or site); a path names a model "
        "file of another study or lab, and no teacher is trained. lowpower cannot check whether test patients were "
        "in that teacher's training set. A section names another network than resnet10, and its start weights.",
        pattern=r"^(paired|best_validation|.+\.safetensors)$",
        form="`paired`, `best_validation`, `PATH.safetensors` or a section",
    )
    unit: Literal["tissue", "grid", "annotation", "slide"] = setting(
        "tissue",
        "What one region is. tissue: each piece of tissue, whatever its size (as in the paper); grid: a field of view "
        "of fixed size; annotation: each polygon of the file in the sheet's column annotation, with its own class; "
        "slide: all tissue of a slide at once.",
    )
    max_side_um: float = setting(
        4096,
        "Longest side of a region in µm (not of a field of unit grid), rounded down to a multiple of 32 x the "
        "largest reduction in teacher pixels. Longer regions are cut into parts, each with the label of the whole. "
        "The default at 10x is 17 megapixels, which need 4 GB in training. 0 sets no limit but that of a JPEG, "
        "65,500 teacher pixels.",
        minimum=0,
    )
    tissue: Tissue = setting(Tissue(), "Tissue detection: one mask per slide, shared by all magnifications.")
    grid: Grid = setting(Grid(), "The fields of view of unit grid.")
    jpeg_quality: int = setting(
        95,
        "JPEG quality of regions at the teacher's magnification; students' regions are stored without loss.",
        minimum=50,
        maximum=100,
    )
    pixels: list[Literal["averaged", "level"]] = setting(
        ["averaged"],
        "Pixels that students are tested on. averaged (required): area means of the teacher's pixels, on which "
        "students are trained. level: in addition, the same regions read from a stored level of the slide, the "
        "faster way to read them; results then have separate rows for these.",
        contains={"const": "averaged"},
        uniqueItems=True,
    )
    views: int = setting(
        4,
        "Number of views of each training region for which teacher outputs are recorded and replayed to students.",
        minimum=1,
        maximum=256,
    )
    recording_parts: int = setting(
        1, "Number of parts, one job each, of a teacher's recording.", minimum=1, maximum=10000
    )
    augmentation: Augmentation = setting(
        Augmentation(),
        "Random augmentation of a view, the same for the teacher's and the student's image. The defaults are those of "
        "the released code.",
    )
    training: Training = setting(
        Training(),
        "Optimizer settings of every model; a row may have its own steps and batch.",
    )
    methods: dict[str, Method] = setting(
        REQUIRED,
        "The rows of the study, by name. The teacher is always a row. For a standard row (docs/method.md) the name "
        "alone is enough, such as `sskd:`.",
        minProperties=1,
        propertyNames=METHOD_NAME,
    )
    labeled: list[int] = setting(
        [100],
        "Percentages of the labeled training patients that students learn from; the subsets are nested.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 1, "maximum": 100},
    )
    unlabeled: list[int] = setting(
        [100],
        "Percentages of the unlabeled training patients that students learn from. With 0, students are distilled on "
        "the labeled images without their labels.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 0, "maximum": 100},
    )
    seeds: list[int] = setting(
        [0],
        "Seeds of the study. Each has its own teacher and students, and its own split if split.by draws one per seed.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 0, "maximum": LARGEST_SEED},
    )
    report_split: Literal["val", "test"] = setting(
        "val",
        "Split of which predictions and tables are made. Keep val until the study is final, so that test data are "
        "used once.",
    )
    claims: str = setting(
        "",
        "Path of the file of claims (docs/claims.md), relative to the working folder. Claims are registered before "
        "training and tested on test data. Empty means configs/claims.yaml of lowpower itself.",
    )
    expected: str = setting(
        "",
        "Path, relative to the working folder, of a file that `lowpower ranges` wrote: the figures that an earlier run "
        "of this study gave with several seeds. Tables and report show their range beside the figures of this run. "
        "Empty for none.",
        pattern=r"^([^{}]+\.json)?$",
        form="the path of a .json file, without braces",
    )
    statistics: Statistics = setting(Statistics(), "Confidence intervals of the tables.")
    aggregation: Literal["mean", "max", "top_k", "attention", "validation"] = setting(
        "mean",
        "How region probabilities are aggregated to a slide or patient. mean: mean weighted by tissue area; max: the "
        "highest of each class, renormalized; top_k: the mean of the top_k highest of each class, renormalized; "
        "attention: as the model was trained to answer for a bag (training.bags), for models trained on bags only; "
        "validation: for each model, the one of those it can have with the lowest log loss on its validation patients "
        "or slides.",
    )
    top_k: int = setting(3, "Number of regions per class that aggregation top_k averages.", minimum=1)
    positive_class: str = setting(
        "",
        "Class for which tables also show sensitivity, specificity and predictive values against all other classes, "
        "at a threshold chosen on validation data; blank for none.",
    )
    package: str = setting(
        "",
        "Model that `snakemake package` puts into a package (docs/reading.md): parts of its folder in students/, such "
        "as sskd, sskd/2.5x or sskd/2.5x/seed0, or teacher. Of several that fit, the row with the lowest validation "
        "log loss, and its best seed. Blank: of all students but controls.",
        pattern=r"^[A-Za-z0-9_./-]*$",
        form="method/magnification/seed, or some of these, such as sskd/2.5x",
    )
    cost: Cost = setting(Cost(), "Cost measurement of a network.")
    plan: Plan = setting(
        Plan(), "Other cohort sizes and numbers of machines that `snakemake plan` estimates (docs/scale.md)."
    )
    gpu: bool = setting(False, "True to train on a GPU (CUDA), false to train on the CPU.")

    @property
    def teacher_network(self) -> str:
        """Network of the teacher."""
        return self.teacher.network if isinstance(self.teacher, PretrainedTeacher) else DEFAULT_NETWORK

    @property
    def teacher_weights(self) -> str | None:
        """Path of the start weights of the teacher's training; None for random ones."""
        return self.teacher.weights if isinstance(self.teacher, PretrainedTeacher) else None

    @property
    def teacher_choice(self) -> str:
        """Whose teacher students learn from: paired, best_validation, or the path of another study's model."""
        return self.teacher.choice if isinstance(self.teacher, PretrainedTeacher) else self.teacher
