"""Stage 2: a student matches the teacher on views of training regions."""

from collections.abc import Iterator

import torch.nn.functional as F

from lowpower import rng
from lowpower.models.losses import kl_divergence, map_difference
from lowpower.models.parallel import on_processes
from lowpower.models.pixels import Pixels
from lowpower.models.recording import pool_map
from lowpower.models.region_sets import labeled, read_regions, sorted_union, unlabeled
from lowpower.models.resnet import ResNet
from lowpower.models.teacher_outputs import OnlineTeacher, RecordedTeacher
from lowpower.models.training_loop import Order, Pass
from lowpower.models.training_stage import finish_stage, start_stage, train


@on_processes
def distill_student(
    job: dict,
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

    job: the rule's params: as of ``train_teacher``, with ``distill`` (the row's section), ``init``, ``labeled``,
    ``unlabeled`` (percent), ``steps`` and ``reduction`` (teacher pixels per student pixel). targets: the recording's
    parts, which must be of this teacher and of the pixels of ``teacher_index``; empty for an online teacher.
    """
    row, seed, recipe = job["distill"], job["seed"], job["training"]
    regions = read_regions(index, splits, seed)
    known = labeled(regions, job["labeled"])
    pool = known if row["images"] == "labeled" else sorted_union(known, unlabeled(regions, job["unlabeled"]))
    stage = start_stage(job, "distill", teacher if job["init"] == "teacher" else None, pool)
    device = stage.device
    if targets:
        memory = recipe["memory_mb"] * 6 / 7  # a view takes six times the bytes of what is said of it
        guide = RecordedTeacher(targets, pool, teacher, teacher_index, seed, job["augmentation"], memory / 6)
    else:
        memory = recipe["memory_mb"] / 2
        seen, its_pixels = read_regions(teacher_index, splits, seed), Pixels(memory, seed, job["augmentation"])
        guide = OnlineTeacher(teacher, its_pixels, seen, device, recipe["megapixels_per_pass"])
    views = row["views"] or guide.views  # None of an online teacher: ever new ones
    pixels = Pixels(memory, seed, job["augmentation"], keep_views=views or 0)
    batch = recipe["batch"] * row["batches_per_step"]
    order = Order(rng.integer(seed, "order"), len(pool), batch, row["drop_last"])
    # The recording holds half the teacher's grid. A student on the teacher's own grid is brought to that half too.
    factor = max(2, job["reduction"])
    own = factor // job["reduction"]

    def step_passes(network: ResNet, step: int) -> Iterator[Pass]:
        wanted = [(pool[i], number % views if views else number) for i, number in order.at(step)]
        for images, places in pixels.passes(wanted, recipe["megapixels_per_pass"]):
            shown = [wanted[place][0].region for place in places]
            looks = [(wanted[place][0].region, wanted[place][1]) for place in places]
            teacher_logits, teacher_maps = guide.look(looks, row["pooling"], factor)
            logits, last_map = stage.read(network, images)
            last_map = pool_map(last_map, own, row["pooling"])
            losses = {
                "kl": row["kl_weight"] * kl_divergence(logits, teacher_logits.to(device), row["temperature"]),
                "feature": row["feature_weight"] * map_difference(last_map, teacher_maps.to(device)),
            }
            if row["cross_entropy"]:
                answers = stage.answers([wanted[place][0].label for place in places])
                losses["cross_entropy"] = row["cross_entropy"] * F.cross_entropy(logits, answers)
            yield Pass(len(places) / batch, losses, shown)

    rows = train(
        stage, regions, pool, job["steps"], step_passes, model,
        lr_multiplier=row["lr_multiplier"], ema_decay=row["ema_decay"],
    )  # fmt: skip
    finish_stage(stage.title, stage.network, stage.about, rows, model, history, time, stage.time)
