"""Distillation: a student matches the teacher's outputs for views of training regions."""

from dataclasses import replace
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from lowpower import rng
from lowpower.config.student_params import DistillJob
from lowpower.models.attention import scores_of
from lowpower.models.balance import label_loss
from lowpower.models.losses import feature_loss, kl_divergence
from lowpower.models.networks import map_channels, pool_map
from lowpower.models.parallel import on_processes
from lowpower.models.pixels import Pixels
from lowpower.models.region_sets import Region, labeled, read_regions, sorted_union, unlabeled
from lowpower.models.resnet import initialize
from lowpower.models.teacher_outputs import OnlineTeacher, RecordedTeacher
from lowpower.models.training import draw_micro_batches, train
from lowpower.models.training_inputs import start_training
from lowpower.models.training_outputs import finish_training


@on_processes
def distill_student(
    job: DistillJob,
    index: str,
    splits: str,
    targets: list[str],
    teacher: str,
    teacher_index: str,
    model: str,
    history: str,
    time: str | None = None,
) -> None:
    """Distill a student; no label is used unless its row asks for it.

    targets: parts of the recording, which must be made by this teacher from the pixels of ``teacher_index``; empty for
    an online teacher.
    """
    row, seed, settings = job.distill, job.seed, job.training
    regions = read_regions(index, splits, seed)
    training_regions = labeled(regions, job.labeled)
    if row.images != "labeled":
        training_regions = sorted_union(training_regions, unlabeled(regions, job.unlabeled))
    training = start_training(job, "distill", teacher if job.init == "teacher" else None, training_regions)
    device = training.device
    if targets:
        memory = settings.memory_mb * 6 / 7  # a view takes six times the bytes of outputs with 256 channels
        source = RecordedTeacher(targets, training_regions, teacher, teacher_index, seed, job.augmentation, memory / 6)
    else:
        memory = settings.memory_mb / 2
        teacher_regions = read_regions(teacher_index, splits, seed)
        teacher_pixels = Pixels(memory, seed, job.augmentation)
        source = OnlineTeacher(teacher, teacher_pixels, teacher_regions, device, settings.megapixels_per_pass)
    # Part of the student's own fingerprint: a checkpoint from another teacher is not continued.
    training.header = replace(training.header, fingerprint=source.fingerprint)
    if row.feature_weight:  # part of the network while it is trained, so of optimizer, average and checkpoint
        training.network.match = matching_layer(training.network, source.channels, seed).to(device)
    # A recording holds half the teacher's grid. A student on the teacher's own grid is pooled to that half too.
    factor = max(2, job.reduction)
    student_factor = factor // job.reduction

    cross_entropy = label_loss(training, [region.label for region in training_regions])

    def compute_losses(
        batch: list[Region],
        logits: Tensor,
        feature_map: Tensor,
        teacher_logits: Tensor,
        teacher_map: Tensor,
        *teacher_scores: Tensor,
    ) -> dict[str, Tensor]:
        scores = scores_of(training.network, feature_map)
        feature_map = pool_map(feature_map, student_factor, row.pooling)
        losses = {"kl": row.kl_weight * kl_divergence(logits, teacher_logits.to(device), row.temperature)}
        if row.feature_weight:
            matched = training.network.match(feature_map)
            losses["feature"] = row.feature_weight * feature_loss(matched, teacher_map.to(device))
        if row.cross_entropy:
            losses["cross_entropy"] = row.cross_entropy * cross_entropy(logits, [region.label for region in batch])
        for of_teacher in teacher_scores:  # of a teacher with attention
            losses["attention"] = F.mse_loss(scores, of_teacher.to(device))
        return losses

    views = row.views or source.views  # None for an online teacher: always new ones
    micro_batches = draw_micro_batches(
        training,
        training_regions,
        Pixels(memory, seed, job.augmentation, keep_views=views or 0),
        compute_losses,
        batch_size=settings.batch * row.batches_per_step,
        views=views,
        drop_last=row.drop_last,
        teacher=partial(source.outputs, pooling=row.pooling, factor=factor),
    )
    rows = train(training, regions, training_regions, micro_batches, model, row)
    if row.feature_weight:
        del training.network.match
    finish_training(training.title, training.network, training.header, rows, model, history, time, training.time)


def matching_layer(student: nn.Module, channels: int, seed: int) -> nn.Module:
    """Layer from a student's feature map to one of the teacher's number of channels, before the two are compared.

    A 1 x 1 convolution, learned with the student and dropped after distillation (FitNets, Romero et al., arXiv
    1412.6550); nothing where the numbers agree, as in the paper.
    """
    own = map_channels(student)
    if own == channels:
        return nn.Identity()
    return initialize(nn.Conv2d(own, channels, 1, bias=False), rng.integer(seed, "match"))
