"""Checks of the rows of a study: each row has something to learn, and consistent settings."""

from typing import get_args

from lowpower.config.external_models import KINDS_OF_INIT
from lowpower.config.method_settings import Distill, Finetune, Method, PretrainedNetwork
from lowpower.config.standard_methods import FORMER_NAMES, STANDARD
from lowpower.config.study import Study
from lowpower.config.study_models import FITTED, training_of
from lowpower.config.trained_model import DEFAULT_NETWORK
from lowpower.config.validation import NOTHING
from lowpower.errors import InputError
from lowpower.text import nearest


def with_standard_rows(raw: dict) -> dict:
    """Replace each method that is given by name alone with its standard row."""
    rows = raw.get("methods")
    if not isinstance(rows, dict):
        return raw
    named_only = [name for name, row in rows.items() if row is None or row in NOTHING]
    for name in named_only:
        if name not in STANDARD:
            if name in FORMER_NAMES:
                raise InputError(f"config: `methods.{name}` is now called `{FORMER_NAMES[name]}`; write that")
            suggestion = nearest(str(name), STANDARD)
            raise InputError(
                f"config: unknown method `methods.{name}`; "
                + (f"did you mean `{suggestion}`? " if suggestion else "")
                + f"Standard rows: {', '.join(STANDARD)}. Any other row needs `distill` or `finetune`"
            )
    return raw | {
        "methods": {name: STANDARD[name].as_dict() if name in named_only else row for name, row in rows.items()}
    }


def check_rows(study: Study) -> None:
    """Raise InputError for the first row that cannot be trained with its settings."""
    for name, method in study.methods.items():
        key, distill, finetune = f"config: `methods.{name}`", method.distill, method.finetune
        if not distill and not finetune:
            raise InputError(f"{key} is not trained; write `distill`, `finetune` or both")
        if distill:
            _check_distillation(f"{key[:-1]}.distill`", distill, study.views)
        if method.pretrain and (distill or not finetune or method.init != "random"):
            raise InputError(
                f"{key}: pretrain starts from random weights and uses no labels, so `finetune` must follow; write "
                "`finetune`, and neither `distill` nor `init`"
            )
        training = training_of(study, method)
        if method.pretrain and training.batch < 2:
            raise InputError(
                f"{key[:-1]}.pretrain` compares the regions of a batch; write `batch: 2` or more here, or in `training`"
            )
        if method.epochs and method.steps:
            raise InputError(
                f"{key}: {method.steps} steps and {method.epochs} epochs are two lengths of one training; remove one"
            )
        if method.batch and training.processes > training.batch:
            raise InputError(
                f"config: `training.processes`: {training.processes} processes cannot share the batch of "
                f"{training.batch} of {name}; write {training.batch} or less"
            )
        if finetune and (distill or method.pretrain):
            _check_shares(key, method, training.steps)
        _check_network(name, method, study.teacher_network)
    _check_bags(study)


def _check_distillation(key: str, distill: Distill, recorded: int) -> None:
    """Check that the loss is not 0 and its labels and views exist. recorded: views in the recording."""
    if not (distill.kl_weight or distill.feature_weight or distill.cross_entropy):
        raise InputError(
            f"{key} has no loss: kl_weight, feature_weight and cross_entropy are all 0; write a weight above 0 for at "
            "least one"
        )
    if distill.cross_entropy and distill.images != "labeled":
        raise InputError(f"{key}: cross_entropy needs labels: write `images: labeled`")
    if distill.views > recorded and distill.teacher == "recorded":
        raise InputError(
            f"{key[:-1]}.views`: {distill.views} views are more than the {recorded} that are recorded; write "
            f"{recorded} or less, or raise `views`"
        )


def _check_bags(study: Study) -> None:
    """Check that bags are needed, that rows have their teacher's, and that attention can aggregate all rows."""
    of_rows = {"teacher": study.training.bags}
    of_rows |= {name: training_of(study, method).bags for name, method in study.methods.items()}
    for name, bags in of_rows.items():
        if bags != "none" and (study.regions_have_labels or study.unit == "annotation"):
            key = "training.bags" if bags == study.training.bags else f"methods.{name}.bags"
            given = "`unit: annotation`" if study.unit == "annotation" else "`regions_have_labels: true`"
            raise InputError(
                f"config: `{key}`: {bags} is for slides whose label does not hold for each region; {given} gives each "
                "region a label, which teaches more; write `bags: none`"
            )
        if bags == "none" and study.aggregation == "attention":
            raise InputError(
                f"config: `aggregation`: attention is for models trained on bags, which `{name}` is not; write "
                "`aggregation: validation`, or `training: {bags: attention}` and no row without bags"
            )
    for name, method in study.methods.items():
        _check_teachers_bags(f"config: `methods.{name}", method, of_rows[name], study.training.bags)


def _check_teachers_bags(key: str, method: Method, bags: str, of_teacher: str) -> None:
    """Check that a row which learns from the teacher has its bags, and no label of a region where it has any."""
    if method.needs_teacher and bags != of_teacher:
        raise InputError(
            f"{key}.bags`: {bags} does not fit its teacher, which has `training.bags: {of_teacher}`; remove "
            "the key, or change `training.bags`"
        )
    if method.distill and method.distill.cross_entropy and of_teacher != "none":
        raise InputError(
            f"{key}.distill`: cross_entropy needs a label of each region, and with `training.bags: {of_teacher}` only "
            "slides have one; write `cross_entropy: 0`, and `finetune` to use labels"
        )


def _check_shares(key: str, method: Method, steps: int) -> None:
    """Check that each of two stages gets at least one step."""
    first = "distill" if method.distill else "pretrain"
    if method.finetune and method.finetune.share == 1:
        raise InputError(
            f"{key[:-1]}.finetune.share`: 1 leaves no step for `{first}`; write less, such as 0.2, or remove `{first}`"
        )
    if steps < 2 and not method.epochs:
        where = f"{key[9:-1]}.steps" if method.steps else "training.steps"
        raise InputError(
            f"config: `{where}`: {steps} step cannot be shared by `{first}` and `finetune` of {key[8:]}; write "
            "2 or more"
        )


def _check_network(name: str, method: Method, teachers: str) -> None:
    """Check that a network other than resnet10 learns from labels alone, and that its start weights fit it.

    teachers: the teacher's network.
    """
    network, key = method.network, f"config: `methods.{name}`"
    if method.init == "teacher" and network not in (teachers, FITTED):
        raise InputError(
            f"{key} cannot start from the teacher's weights: its network is {network}, the teacher's {teachers}; "
            f"leave the row out, or write `network: {teachers}` and only `finetune`"
        )
    if network == DEFAULT_NETWORK:
        if method.init not in KINDS_OF_INIT:
            *names, last = get_args(PretrainedNetwork)
            raise InputError(
                f"{key}: a file of weights needs network {', '.join(names)} or {last}; write the one that it fits"
            )
        return
    if method.distill or method.pretrain:
        raise InputError(
            f"{key}: {network} can be neither distilled nor pretrained; write only `finetune`, or remove "
            f"`network: {network}`"
        )
    if network == FITTED and method.finetune and method.finetune != Finetune(images=method.finetune.images):
        raise InputError(
            f"{key}: {network} is fitted to convergence, without optimizer steps; write only `images` in `finetune`"
        )
    if network == FITTED and (method.steps or method.epochs or method.batch):
        raise InputError(
            f"{key}: {network} is fitted to convergence, without optimizer steps; remove `steps`, `epochs` and `batch`"
        )
    if network == FITTED and method.bags not in ("study", "none"):
        raise InputError(f"{key}: {network} is fitted to regions, each with its slide's label; remove `bags`")
    if network == FITTED and method.init != "random":
        raise InputError(f"{key}: {network} is fitted without start weights; remove `init`")
    if network != FITTED and method.init == "random":
        raise InputError(f"{key}: {network} needs a file of start weights; write `init: PATH.safetensors`")
