"""Methods section of a run, written from its configuration and the header of its teacher."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from lowpower import __version__
from lowpower.config.study import Study
from lowpower.config.study_models import training_of
from lowpower.config.trained_model import DEFAULT_NETWORK
from lowpower.config.training_settings import Augmentation
from lowpower.files import CsvRow
from lowpower.magnification import describe
from lowpower.model_header import model_header
from lowpower.pages.methods_sentences import (
    NETWORK_NAMES,
    TEACHERS,
    all_rows,
    first_distillation,
    labels_of,
    listed,
    other_networks,
)
from lowpower.tables.cost_table import CONVENTION, timing
from lowpower.tables.intake_table import IntakeRow
from lowpower.text import count_of

_POOLINGS = {"max": "maximum", "mean": "average"}


def methods(
    study: Study, slides: Sequence[IntakeRow], costs: Sequence[CsvRow], teacher: str | Path
) -> list[tuple[str, str]]:
    """Write the paragraphs of the methods section, each (heading, text).

    costs: rows of cost.csv. teacher: its model file.
    """
    timed = f"{CONVENTION} {timing(costs)}" if costs else CONVENTION
    versions = model_header(teacher).versions
    return [
        ("Cohort", _cohort(study, slides)),
        ("Regions", _regions(study)),
        ("Network", _network(study, costs)),
        ("Distillation", _distillation(study)),
        ("Rows of the study", all_rows(study)),
        ("Augmentation", _augmentation(study.augmentation)),
        ("Optimization", _optimization(study)),
        ("Evaluation", _evaluation(study)),
        ("Cost", timed),
        (
            "Software",
            f"lowpower {__version__} with torch {versions['torch']} (networks), numpy {version('numpy')} and pandas "
            f"{version('pandas')} (statistics) on Python {platform.python_version()}.",
        ),
    ]


def _network(study: Study, costs: Sequence[CsvRow]) -> str:
    sizes = {row["network"]: f", with {int(row['parameters']):,} parameters" for row in costs}
    own = (
        "a residual network of four basic blocks (ResNet-10) with group normalization and global average "
        f"pooling{sizes.get(DEFAULT_NETWORK, '')}."
    )
    if study.teacher_network == DEFAULT_NETWORK:
        text = f"Teacher and students had one architecture: {own} Such a student is cheaper only because it reads "
        return f"{text}fewer pixels.{other_networks(study)}"
    teacher = f"The teacher was {NETWORK_NAMES[study.teacher_network]}{sizes.get(study.teacher_network, '')}; the "
    return (
        f"{teacher}statistics of its batch normalization stayed those of its start weights. Students were {own} So a "
        f"student is cheaper because it reads fewer pixels, and by its network.{other_networks(study)}"
    )


def _cohort(study: Study, slides: Sequence[IntakeRow]) -> str:
    usable = sum(row.is_usable for row in slides)
    declared = sum(row.mpp_source == "sheet" for row in slides)
    split = study.split
    val, test = (f"{100 * share:g} %" for share in (split.val, split.test))
    division = {
        "sheet": "as the sheet of slides assigns them",
        "random": f"at random for each seed, stratified by class: {val} of the labeled patients for validation, "
        f"{test} for testing",
        "kfold": f"into {split.folds} folds, stratified by class; each seed tested on one fold and validated on "
        f"{val} of the other labeled patients",
        "site": f"by site: patients of {listed(split.test_sites)} for testing, and {val} of the other labeled "
        "patients for validation",
    }[split.by]
    return (
        ("The slides were synthetic, drawn by the workflow. " if study.demo else "")
        + f"The cohort {study.cohort} had {count_of(len(slides), 'slide')} of "
        f"{count_of(len({row.patient for row in slides}), 'patient')}; {usable:,} could be used. "
        + (
            f"The scale of {count_of(declared, 'slide')} was declared in the sheet, not read from the file. "
            if declared
            else ""
        )
        + f"The classes were {listed(study.classes)}. Patients, never single slides, were divided into training, "
        f"validation and test {division}."
    )


def _regions(study: Study) -> str:
    tissue, grid = study.tissue, study.grid
    size, stride = grid.size_um, grid.stride_um or grid.size_um
    unit = {
        "tissue": "one piece of tissue, of its own size",
        "grid": f"a field of {size:g} x {size:g} µm, one every {stride:g} µm where at least "
        f"{100 * grid.min_tissue:g} % of it was tissue",
        "annotation": "one annotated area, with everything outside it whitened",
        "slide": "all tissue of a slide",
    }[study.unit]
    if study.max_side_um and study.unit != "grid":
        unit += f", cut into parts where it was longer than {study.max_side_um:,} µm"
    lows = listed([describe(low) for low in study.student_magnifications])
    return (
        f"Tissue was found on one mask for all magnifications, at {tissue.mask_mpp:g} µm/px; gaps up to about "
        f"{tissue.close_um:g} µm were closed, and pieces below {tissue.min_area_um2:,} µm² left out. The unit of "
        f"learning was a region: {unit}. The teacher read regions at {describe(study.teacher_magnification)}, as "
        f"JPEG of quality {study.jpeg_quality}; students read the same regions at {lows}, as area means of the "
        "same pixels that the teacher read."
    )


def _distillation(study: Study) -> str:
    base = first_distillation(study)
    if base is None:
        return "No row of this study distills."
    views = "the teacher evaluated a new view in every step"
    if base.teacher == "recorded":
        views = f"the teacher evaluated {count_of(study.views, 'view')} of each training region, once for all students"
    return (
        "Students were trained by label-free distillation from a label-trained teacher (DiPalma et al. call it "
        f"self-supervised): {views}. The loss was the Kullback-Leibler divergence between the class probabilities of "
        f"teacher and student (temperature {base.temperature:g}) plus the mean squared difference between their "
        f"last feature maps, weighted {base.kl_weight:g} : {base.feature_weight:g}; the teacher's map was "
        f"reduced to the student's grid by {_POOLINGS[base.pooling]} pooling{_matched(study)}. As the teacher was "
        "trained on labels, the method as a whole is semi-supervised."
    )


def _matched(study: Study) -> str:
    if study.teacher_network == DEFAULT_NETWORK:
        return ""
    return (
        ", and the student's was compared with it through a learned 1 x 1 convolution to the teacher's number of "
        "channels, which was dropped afterwards"
    )


def _augmentation(augmentation: Augmentation) -> str:
    jitters = {name: getattr(augmentation, name) for name in ("brightness", "contrast", "saturation")}
    factors = [f"{name} {1 - change:g} to {1 + change:g}" for name, change in jitters.items()]
    turns = ["random flips left-right and top-bottom"] if augmentation.flip else []
    turns += ["random quarter turns"] if augmentation.quarter_turns else []
    jitter = f"color jitter (factors of {listed(factors)}; hue shifted by up to {augmentation.hue:g} of a turn)"
    return f"A view was {listed([jitter, *turns])}, drawn once per region and view, the same for teacher and student."


def _optimization(study: Study) -> str:
    recipe, seeds = study.training, [str(seed) for seed in study.seeds]
    example = "region" if recipe.bags == "none" else "slide"
    labeled, unlabeled = (listed([f"{share} %" for share in shares]) for shares in (study.labeled, study.unlabeled))
    return (
        f"Adam with a constant learning rate of {recipe.learning_rate:g} and weight decay of "
        f"{recipe.weight_decay:g}; {count_of(recipe.steps, 'optimizer step')} of "
        f"{count_of(recipe.batch, example)} for every model whose row names no others, fine-tuning included, on a "
        f"{'GPU' if study.gpu else 'CPU'}. Every {count_of(recipe.evaluate_every, 'step')} the log loss on the "
        f"validation {example}s was computed, and the weights with the lowest one were kept. {labels_of(recipe)}"
        f"Students were trained on {labeled} of the labeled training patients and, where their row takes any, "
        f"{unlabeled} of the unlabeled. "
        f"{'Seed' if len(seeds) == 1 else 'Seeds'}: {listed(seeds)}; "
        f"{TEACHERS.get(study.teacher_choice, 'all students had one teacher, from another study')}."
    )


def _evaluation(study: Study) -> str:
    statistics = study.statistics
    predicted = "Test data were predicted once, with the weights chosen on validation data."
    if study.report_split == "val":
        predicted = "Results are those on the validation data that chose the weights; no test data were predicted."
    if "level" in study.pixels:
        predicted += (
            " Students were tested twice: on the area means on which they were trained, and on the same regions read "
            "from the nearest finer level that the slide file itself stores, reduced by a box filter where needed."
        )
    return (
        f"{predicted} {_aggregation(study)} "
        f"Intervals ({100 * statistics.confidence:g} %) carry {_spread(study)}; the part of the patients comes from a "
        f"bootstrap ({statistics.draws:,} draws; {statistics.rank_draws:,} for AUROC and average precision). They are "
        "by Student's t, of shares on the logit scale; where fewer than six patients differ between two models, up to "
        f"four undecided ones are added. Rows of fewer than {statistics.fewest_patients} patients have none. For "
        "referral, the teacher read again the units whose highest student probability was below a quantile of the "
        "validation units'."
    )


def _spread(study: Study) -> str:
    if len(study.seeds) == 1:
        return "the spread of patients alone, as there is one seed"
    return "the spread of seeds, with Satterthwaite's degrees of freedom, and of patients"


def _aggregation(study: Study) -> str:
    of_class = {"max": "highest", "top_k": f"mean of the {study.top_k} highest"}
    ways = {"mean": "the mean of its regions', weighted by tissue area"}
    ways |= {way: f"for each class the {which} of its regions', renormalized" for way, which in of_class.items()}
    if {study.training.bags, *(training_of(study, row).bags for row in study.methods.values())} != {"none"}:
        ways["attention"] = "the softmax of the mean of its regions' log probabilities, weighted as in training on bags"
    if study.aggregation != "validation":
        return f"The probabilities of a slide or patient are {ways[study.aggregation]}."
    return (
        "The probabilities of a slide or patient are, whichever had the lowest log loss on the model's validation "
        f"data, {'; '.join(ways.values())}."
    )
