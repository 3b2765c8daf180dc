"""The study: every key of a config, with its default, range and description."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.method_settings import METHOD_NAME, Method
from lowpower.config.settings import ABSENT, REQUIRED, Settings, setting
from lowpower.config.slide_settings import LARGEST_SEED, Demo, Grid, Tissue
from lowpower.config.split_settings import Split
from lowpower.config.table_settings import Cost, Plan, Statistics
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
        "Path of the sheet of slides (.csv, .tsv or .xlsx), relative to the folder the workflow runs in.",
        minLength=1,
    )
    note: str = setting(
        "",
        "A sentence that the report carries above all numbers, such as where the slides come from or that their "
        "scale is declared and not measured.",
    )
    classes: list[str] = setting(
        REQUIRED,
        "The classes, in the order in which every table and model lists them; each is a label of the sheet. No two "
        "may differ only in case, spaces or how letters are encoded.",
        minItems=2,
        uniqueItems=True,
        items={"pattern": r"^\S(.{0,98}\S)?$", "form": "up to 100 letters on one line, no space first or last"},
    )
    demo: Demo | None = setting(
        ABSENT, "Only for a cohort that the workflow draws itself. Its sheet then needs true_label for every slide."
    )
    regions_have_labels: bool = setting(
        False,
        "True where a slide's label holds for each of its regions; only then, or with annotations, are results shown "
        "per region.",
    )
    ids: Literal["own", "pseudonym"] = setting(
        "own",
        "What slides and patients are called in tables, figures, examples, pages and model cards; pseudonym gives "
        "keyed ones (docs/running.md). Slides, regions, splits, predictions and logs keep the own ids.",
    )
    on_excluded: Literal["continue", "fail"] = setting(
        "continue", "What a slide that cannot be used does to the run; either way it is a row of tables/intake.csv."
    )
    min_usable_slides: int = setting(
        1, "The run stops after intake when fewer slides than this can be used.", minimum=1
    )
    split: Split = setting(Split(), "How patients are divided into train, val and test.")
    teacher_magnification: float = setting(
        REQUIRED, "Magnification the teacher reads; 10 is 10x (1.0 µm/px).", minimum=0.1, maximum=80
    )
    student_magnifications: list[float] = setting(
        REQUIRED,
        "Magnifications the students read, each an even part of the teacher's (a half, a quarter, a sixth …); to "
        "four digits is enough, 1.667 is 10 / 6.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 0.001},
    )
    coarsest_magnification: float = setting(
        0,
        "The lowest magnification a student of this cohort may ever have. Regions grow to fit it, so setting it "
        "lower than today's students lets one be added later without cutting the slides again. 0 means the lowest of "
        "student_magnifications.",
        minimum=0,
    )
    teacher: str = setting(
        "paired",
        "Whose recording students learn from, and whose weights rows with init teacher start from. paired gives the "
        "student of seed s the teacher of seed s; best_validation gives all of them the teacher with the lowest "
        "validation log loss, where all seeds test the same patients (split.by sheet or site); a path is that of a "
        "model file of another study or lab, and then no teacher is trained. Nobody can check whether the patients "
        "whom such a model learned from are among those it is tested on here.",
        pattern=r"^(paired|best_validation|.+\.safetensors)$",
        examples=["paired", "best_validation", "PATH.safetensors"],
    )
    unit: Literal["tissue", "grid", "annotation", "slide"] = setting(
        "tissue",
        "What one region is. tissue is each piece of tissue, of its own size (the paper's way); grid is a fixed "
        "field of view; annotation is each polygon of the file that the sheet's column annotation names, with a "
        "class of its own; slide is all tissue of a slide at once.",
    )
    max_side_um: float = setting(
        4096,
        "Longest side of a region in µm (not of a field of unit grid), rounded down to a multiple of 32 x the "
        "largest reduction in teacher pixels. What is longer is cut into parts, each with the label of the whole. "
        "The default at 10x is 17 megapixels, which take 4 GB to train on. 0 cuts only where a JPEG ends, at 65,500 "
        "teacher pixels.",
        minimum=0,
    )
    tissue: Tissue = setting(Tissue(), "How tissue is found, on one mask per slide that all magnifications share.")
    grid: Grid = setting(Grid(), "The fields of view of unit grid.")
    jpeg_quality: int = setting(
        95,
        "JPEG quality of the regions at the teacher's magnification; students' regions are lossless.",
        minimum=50,
        maximum=100,
    )
    pixels: list[Literal["averaged", "level"]] = setting(
        ["averaged"],
        "Pixels that students are tested on. averaged, always one of them: area means of the teacher's pixels, from "
        "which students learn. level: also the same regions read from the slide's own stored level, as whoever wants "
        "speed would read them; results then have rows of their own for these.",
        contains={"const": "averaged"},
        uniqueItems=True,
    )
    views: int = setting(
        4,
        "Views of each training region that the teacher looks at once and that students replay.",
        minimum=1,
        maximum=256,
    )
    recording_parts: int = setting(
        1, "Parts, one job each, that the recording of a teacher's views is cut into.", minimum=1, maximum=10000
    )
    augmentation: Augmentation = setting(
        Augmentation(),
        "The random draw behind a view; the same draw on the teacher's and the student's image. The defaults are the "
        "released code's.",
    )
    training: Training = setting(
        Training(), "One recipe for every model. Every row of the study takes the same number of optimizer steps."
    )
    methods: dict[str, Method] = setting(
        REQUIRED,
        "The rows of the study, by name. The teacher is always a row. A standard row (docs/method.md) may be called "
        "by its name alone, such as `sskd:`.",
        minProperties=1,
        propertyNames=METHOD_NAME,
    )
    labeled: list[int] = setting(
        [100],
        "Percentages of the labeled training patients that students learn from; nested subsets.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 1, "maximum": 100},
    )
    unlabeled: list[int] = setting(
        [100],
        "Percentages of the unlabeled training patients that students learn from; 0 distills on the labeled images "
        "without their labels.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 0, "maximum": 100},
    )
    seeds: list[int] = setting(
        [0],
        "Seeds of the study; each has its own division where split.by draws one, its own teacher and students.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 0, "maximum": LARGEST_SEED},
    )
    report_split: Literal["val", "test"] = setting(
        "val",
        "The split that predictions and tables show. Keep val until the study is final; test data are then touched "
        "once.",
    )
    claims: str = setting(
        "",
        "Path of the file of claims (docs/claims.md), relative to the folder the workflow runs in; it is registered "
        "before training and tested on test data. Empty means configs/claims.yaml of lowpower itself.",
    )
    statistics: Statistics = setting(Statistics(), "Intervals of the tables.")
    aggregation: Literal["mean", "max", "top_k", "validation"] = setting(
        "mean",
        "How the probabilities of a slide's or patient's regions become its own. mean weights them by tissue area; "
        "max takes each class's highest and renormalizes; top_k takes the mean of each class's top_k highest and "
        "renormalizes; validation takes for each model that of the three with the lowest log loss on its validation "
        "patients or slides.",
    )
    top_k: int = setting(3, "Regions that aggregation top_k takes of each class.", minimum=1)
    positive_class: str = setting(
        "",
        "The class, against all others together, for which tables also show sensitivity, specificity and predictive "
        "values, at a threshold chosen on validation data; blank for none.",
    )
    cost: Cost = setting(Cost(), "How the cost of a network is measured.")
    plan: Plan = setting(
        Plan(), "What `snakemake plan` tells beside this study on this machine (docs/scale.md). Nothing else reads it."
    )
    gpu: bool = setting(False, "True where training jobs get a GPU (CUDA); otherwise they run on the CPU.")
