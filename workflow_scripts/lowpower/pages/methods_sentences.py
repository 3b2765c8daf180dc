"""Sentences on the rows of a study: start weights, pixels, stages of training and labels."""

from collections.abc import Sequence

from lowpower.config.method_settings import Distill, Finetune, Method, Pretrain
from lowpower.config.study import Study
from lowpower.config.study_models import FITTED
from lowpower.config.trained_model import DEFAULT_NETWORK
from lowpower.config.training_settings import Stage, Training
from lowpower.text import count_of

_DISTILLING = ("kl_weight", "temperature", "feature_weight", "pooling", "views", "teacher")
_STARTS = {"random": "random weights", "teacher": "the teacher's weights"}
NETWORK_NAMES = {
    "resnet18": "a ResNet-18", "resnet34": "a ResNet-34", "resnet50": "a ResNet-50",
    "tf_efficientnet_lite0": "an EfficientNet-Lite0 (tf_efficientnet_lite0 of timm)",
}  # fmt: skip
_BAGS = {
    "mean": "the mean of the logits of its regions",
    "attention": "the mean of the logits of its regions, weighted by gated attention (Ilse et al., arXiv 1802.04712)",
}
_BALANCES = {
    "loss": "Cross-entropy with labels was weighted by class, inversely to its frequency.",
    "sampling": "In training on labels every class was drawn equally often.",
}
TEACHERS = {
    "paired": "the student of a seed had the teacher of that seed",
    "best_validation": "all students had the teacher with the lowest validation log loss of all seeds",
}


def all_rows(study: Study) -> str:
    """Describe each row of the study, the teacher first."""
    rows = [f"`{name}` {one_row(row, first_distillation(study))}." for name, row in study.methods.items()]
    teacher = "the teacher was trained on those of all labeled training regions"
    if study.teacher_weights:
        teacher = "the teacher started from weights trained elsewhere and was trained on those of all labeled training "
        teacher += "regions"
    if study.teacher_choice not in TEACHERS:
        teacher = "the teacher was a model of another study, whose training patients are not recorded here"
    return " ".join([f"Training on labels minimized cross-entropy; {teacher}.", *rows])


def one_row(row: Method, base: Distill | None) -> str:
    """Describe a row; the text follows its name or "this model". base: settings of the first row that distills."""
    distill, pretrain, finetune = row.distill, row.pretrain, row.finetune
    if row.network == FITTED:
        return f"was fitted to the labels of {_labeled(finetune)}, without augmentation, to convergence"
    phrases = [f"started from {_STARTS.get(row.init, 'weights trained elsewhere')}"]
    phrases += ["read the magnification of the teacher"] if row.at == "teacher" else []
    lengths = {"optimizer steps": row.steps, "epochs": row.epochs, "regions per batch": row.batch}
    own = [f"{value:,} {unit}" for unit, value in lengths.items() if value]
    phrases += [f"was trained with {listed(own)}"] if own else []
    if pretrain:
        phrases.append(
            f"was pretrained on two views of {_seen(pretrain)} (VICReg), without labels or teacher"
            + _in_parentheses(_optimization(pretrain))
        )
    if distill:
        labels = "without their labels"
        if distill.cross_entropy:
            labels = f"with {distill.cross_entropy:g} x the cross-entropy of their labels added"
        pairs = [(key.replace("_", " "), getattr(distill, key), getattr(base, key)) for key in _DISTILLING]
        changed = [f"{key} {value}" for key, value, of_base in pairs if value != of_base]
        changed += _optimization(distill)
        changed += ["the last partial batch of each pass dropped"] if distill.drop_last else []
        phrases.append(f"was distilled on {_seen(distill)} {labels}{_in_parentheses(changed)}")
    if finetune:
        before = distill or pretrain
        steps = f" for the last {100 * finetune.share:g} % of the steps" if before else ""
        phrases.append(
            f"{'was then fine-tuned on' if before else 'was trained on'} the labels of {_labeled(finetune)}{steps}"
            + _in_parentheses(_optimization(finetune) + _bags(row))
        )
    return listed(phrases)


def _optimization(stage: Stage) -> list[str]:
    """What a stage changes in its optimizer steps."""
    changed = [f"{stage.batches_per_step} batches in a step"] if stage.batches_per_step > 1 else []
    changed += [f"{stage.lr_multiplier:g} x the learning rate"] if stage.lr_multiplier != 1 else []
    return changed + ([f"weights averaged over steps, {stage.ema_decay:g} of the past"] if stage.ema_decay else [])


def _bags(row: Method) -> list[str]:
    """What a row learns a label from, if not as the study."""
    return {
        "study": [],
        "none": ["each region with its slide's label"],
        **{bags: [f"for each slide {what}"] for bags, what in _BAGS.items()},
    }[row.bags]


def labels_of(training: Training) -> str:
    """How labels were used beyond cross-entropy of regions, with a trailing space; blank for none of it."""
    sentences = []
    if training.bags != "none":
        sentences.append(
            f"A slide's label was learned from a bag of up to {count_of(training.bag_regions, 'region')} drawn from it "
            f"in each step: {_BAGS[training.bags]}."
        )
    if training.balance != "none":
        sentences.append(_BALANCES[training.balance])
    return "".join(f"{sentence} " for sentence in sentences)


def _in_parentheses(changed: list[str]) -> str:
    return f" ({', '.join(changed)})" if changed else ""


def _seen(stage: Pretrain | Distill) -> str:
    return "all training regions" if stage.images == "all" else "the labeled training regions"


def _labeled(finetune: Finetune) -> str:
    withheld = " and of the unlabeled ones, whose labels had been withheld"
    return "the labeled training regions" + (withheld if finetune.images == "all" else "")


def first_distillation(study: Study) -> Distill | None:
    """Settings of the first row that distills; ``one_row`` describes how other rows differ."""
    return next((row.distill for row in study.methods.values() if row.distill), None)


def other_networks(study: Study) -> str:
    """Rows with another network than ResNet-10, one sentence each, with a leading space."""
    sentences = []
    for name, row in study.methods.items():
        if row.network == FITTED:
            sentences.append(
                f"`{name}` was not a network but a logistic regression on the mean and standard deviation of the three "
                "color channels of a region, standardized; its L2 penalty was chosen on validation log loss."
            )
        elif row.network != DEFAULT_NETWORK:
            sentences.append(
                f"`{name}` was {NETWORK_NAMES[row.network]} with the statistics of its batch normalization frozen."
            )
    return "".join(f" {sentence}" for sentence in sentences)


def listed(items: Sequence[str]) -> str:
    """Join items for a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
