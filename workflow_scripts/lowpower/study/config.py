"""The configuration: checked once against its schema, filled with defaults, and frozen from then on."""

import math
from pathlib import Path

from lowpower import magnification
from lowpower.errors import InputError
from lowpower.spelling import clean, look_of
from lowpower.study.given import KINDS_OF_INIT
from lowpower.study.methods import STANDARD
from lowpower.study.schema import checked
from lowpower.study.study import FITTED, TEACHERS_NETWORK
from lowpower.wording import nearest


def read_config(raw: dict, schema: str | Path) -> dict:
    """The complete configuration: ``raw`` with every default filled in.

    Raises InputError naming the key, what was found and what to write.
    """
    config = _cleaned(checked(_with_standard_rows(raw), schema, "config"))
    _check_scales(config)
    _check_methods(config)
    _check_teacher(config)
    positive = config["positive_class"]
    if positive and positive not in config["classes"]:
        raise InputError(
            f"config: `positive_class`: {positive} is not one of `classes` ({', '.join(config['classes'])}); write one "
            "of them, or take the key away"
        )
    recipe = config["training"]
    if recipe["processes"] > recipe["batch"]:
        raise InputError(
            f"config: `training.processes`: {recipe['processes']} processes cannot share a batch of {recipe['batch']}; "
            f"write {recipe['batch']} or less"
        )
    return config


def _cleaned(config: dict) -> dict:
    """The config with the names that the sheet has too cleaned of what nobody sees, as the sheet's are."""
    classes = list(map(clean, config["classes"]))
    if len({look_of(name) for name in classes}) < len(classes):
        raise InputError(
            f"config: `classes`: two of {', '.join(classes)} look alike (case, width, dashes); write each class once, "
            "or give one of them another name, here and in the sheet"
        )
    split = config["split"] | {"test_sites": list(map(clean, config["split"]["test_sites"]))}
    return config | {"classes": classes, "positive_class": clean(config["positive_class"]), "split": split}


def _with_standard_rows(raw: dict) -> dict:
    """The config, with each method that is a name alone written out."""
    rows = raw.get("methods")
    if not isinstance(rows, dict):
        return raw
    for name, row in rows.items():
        if row is None and name not in STANDARD:
            near = nearest(str(name), STANDARD)
            raise InputError(
                f"config: unknown method `methods.{name}`; "
                + (f"did you mean `{near}`? " if near else "")
                + f"Names that may stand alone: {', '.join(STANDARD)}. Another needs a row with `distill` or `finetune`"
            )
    return raw | {"methods": {name: STANDARD[name] if row is None else row for name, row in rows.items()}}


def _check_scales(config: dict) -> None:
    """Students lie below the teacher by whole, even reductions; regions fit the coarsest of them."""
    teacher = config["teacher_magnification"]
    for low in _lows(config):
        write = f"write {teacher / 2:g}, {teacher / 4:g}, {teacher / 8:g} ..."
        key = "student_magnifications" if low in config["student_magnifications"] else "coarsest_magnification"
        if low >= teacher:
            raise InputError(f"config: `{key}`: {low:g} is not below teacher_magnification, {teacher:g}; {write}")
        try:
            reduction = magnification.reduction_between(teacher, low)
        except ValueError as error:
            raise InputError(f"config: `{key}`: {error}; {write}") from None
        if reduction % 2:  # the teacher's maps are recorded at half its grid, which only even reductions nest in
            raise InputError(f"config: `{key}`: {low:g} is the teacher's {teacher:g} reduced by {reduction}; {write}")
    mpp, longest = magnification.mpp_of(teacher), config["max_side_um"]
    least = region_multiple(config) * mpp
    if config["unit"] != "grid" and 0 < longest < least - 1e-6:
        raise InputError(
            f"config: `max_side_um`: {longest:g} µm are less than the smallest region, {least:g} µm "
            f"({region_multiple(config)} px at {magnification.name_of(teacher)}: 32 x the largest reduction); write "
            f"{least:g} or more, or 0 for no limit"
        )
    if config["unit"] == "grid":
        for key, multiple in (("size_um", region_multiple(config)), ("stride_um", 1)):
            size = config["grid"][key]
            near = max(1, round(size / mpp / multiple)) * multiple
            if size and abs(size / mpp - near) > 1e-6:  # a stride of 0 stands for size_um
                why = " (32 x the largest reduction)" if multiple > 1 else ""
                raise InputError(
                    f"config: `grid.{key}`: {size:g} µm is {size / mpp:g} px at {magnification.name_of(teacher)}, "
                    f"not a multiple of {multiple} px{why}; the nearest is {near * mpp:g}"
                )


def _check_methods(config: dict) -> None:
    """Each row learns something, from what it says it learns from."""
    for name, row in config["methods"].items():
        distill, finetune = row["distill"], row["finetune"]
        if not distill and not finetune:
            raise InputError(f"config: `methods.{name}` learns nothing: give it `distill`, `finetune` or both")
        if distill and distill["cross_entropy"] and distill["images"] != "labeled":
            raise InputError(f"config: `methods.{name}.distill`: cross_entropy needs labels: write `images: labeled`")
        if distill and isinstance(distill["views"], int) and distill["views"] > config["views"]:
            raise InputError(
                f"config: `methods.{name}.distill.views`: {distill['views']} views are more than the {config['views']} "
                f"that are recorded; write {config['views']} or less, or raise `views`"
            )
        if row["pretrain"] and (distill or not finetune or row["init"] != "random"):
            raise InputError(
                f"config: `methods.{name}`: pretrain starts from random weights and goes before `finetune`, which "
                "alone teaches it the classes; write `finetune`, and neither `distill` nor `init`"
            )
        if row["pretrain"] and config["training"]["batch"] < 2:
            raise InputError(
                f"config: `methods.{name}.pretrain` compares the regions of a batch; write `training.batch: 2` or more"
            )
        _check_network(name, row)


def _check_network(name: str, row: dict) -> None:
    """Another network than the teacher's learns from labels alone, from where it can start."""
    network, key = row["network"], f"config: `methods.{name}`"
    if network == TEACHERS_NETWORK:
        if row["init"] not in KINDS_OF_INIT:
            raise InputError(
                f"{key}: a file of weights is for network resnet18, resnet34 or resnet50; write which it is"
            )
        return
    if row["distill"] or row["pretrain"]:
        raise InputError(
            f"{key}: {network} cannot be matched to the teacher's maps, nor pretrained here; write `finetune` alone, "
            f"or take `network: {network}` away"
        )
    if network == FITTED and row["init"] != "random":
        raise InputError(f"{key}: {network} is fitted and starts from nothing; take `init` away")
    if network != FITTED and row["init"] in KINDS_OF_INIT:
        raise InputError(f"{key}: {network} starts from weights of its own; write `init: PATH.safetensors`")


def _check_teacher(config: dict) -> None:
    """One teacher for all seeds must not have trained on whom another seed tests."""
    by = config["split"]["by"]
    if config["teacher"] == "best_validation" and by not in ("sheet", "site"):
        raise InputError(
            f"config: `teacher`: best_validation with `split: {{by: {by}}}` is a leak: each seed tests other patients, "
            "whom the best teacher may have trained on; write `teacher: paired`, or divide by sheet or site"
        )


def _lows(config: dict) -> list[float]:
    """Every magnification that regions must fit: the students', and the coarsest one planned."""
    coarsest = config["coarsest_magnification"]
    return config["student_magnifications"] + ([coarsest] if coarsest else [])


def region_multiple(config: dict) -> int:
    """Sides of regions, in teacher pixels, are multiples of this: 32 x the largest reduction.

    So area means are exact and the maps of teacher and students nest.
    """
    teacher = config["teacher_magnification"]
    return 32 * math.lcm(*(magnification.reduction_between(teacher, low) for low in _lows(config)))
