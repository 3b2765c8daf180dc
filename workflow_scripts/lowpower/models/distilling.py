"""Stage 2: a student matches the teacher on views of training regions."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from lowpower import draws
from lowpower.models.cohort import labeled, read_regions, sorted_union, unlabeled
from lowpower.models.losses import kl_divergence, map_difference
from lowpower.models.parallel import on_processes
from lowpower.models.pixels import Pixels, same_size
from lowpower.models.recording import LiveTeacher, RecordedTeacher, pool_map
from lowpower.models.resnet import ResNet
from lowpower.models.stages import begin, finish, train
from lowpower.models.training import Order, Pass


@on_processes
def distill_student(
    job: dict,
    index: str,
    splits: str,
    targets: list[str],
    teacher: str | None,
    teacher_index: str | None,
    model: str,
    history: str,
    time_file: str | None = None,
) -> None:
    """Distill a student; no label is used unless its row asks for it.

    job: the rule's params: as of ``train_teacher``, with ``distill`` (the row's section), ``init``, ``labeled``,
    ``unlabeled`` (percent), ``steps`` and ``reduction`` (teacher pixels per student pixel). targets: the recording's
    parts; empty for a live teacher, which then looks at the regions of ``teacher_index``.
    """
    row, seed, recipe = job["distill"], job["seed"], job["training"]
    regions = read_regions(index, splits, seed)
    known = labeled(regions, job["labeled"])
    pool = known if row["images"] == "labeled" else sorted_union(known, unlabeled(regions, job["unlabeled"]))
    stage = begin(job, "distill", teacher if job["init"] == "teacher" else None, pool)
    device = stage.device
    if targets:
        guide = RecordedTeacher(targets, pool)
        memory = recipe["memory_mb"]
    else:
        memory = recipe["memory_mb"] / 2
        seen = read_regions(teacher_index, splits, seed)
        guide = LiveTeacher(teacher, Pixels(memory, seed, job["augmentation"]), seen, device)
    views = row["views"] if isinstance(row["views"], int) else guide.views  # None of a live teacher: ever new ones
    pixels = Pixels(memory, seed, job["augmentation"], keep_views=views or 0)
    normalize = stage.normalizer()
    order = Order(draws.integer(seed, "order"), len(pool), recipe["batch"], row["drop_last"])
    # The recording holds half the teacher's grid. A student on the teacher's own grid is brought to that half too.
    factor = max(2, job["reduction"])
    own = factor // job["reduction"]

    def step_passes(network: ResNet, step: int) -> Iterator[Pass]:
        items = []
        for i, number in order.at(step):
            view = number % views if views else number
            said = guide.look(pool[i].region, view, row["pooling"], factor)
            items.append((pixels.view(pool[i], view), *said, pool[i]))
        for group in same_size(items, recipe["megapixels_per_pass"]):
            images, teacher_logits, teacher_maps, shown = zip(*group, strict=True)
            logits, last_map = network(normalize(list(images)))
            losses = {
                "kl": row["kl"] * kl_divergence(logits, torch.stack(teacher_logits).to(device), row["temperature"]),
                "map": row["map"]
                * map_difference(pool_map(last_map, own, row["pooling"]), torch.stack(teacher_maps).to(device)),
            }
            if row["cross_entropy"]:
                answers = stage.answers([region.label for region in shown])
                losses["cross_entropy"] = row["cross_entropy"] * F.cross_entropy(logits, answers)
            yield Pass(len(group) / recipe["batch"], losses, [region.region for region in shown])

    rows = train(stage, regions, pool, job["steps"], step_passes, model)
    finish(stage.title, stage.network, stage.about, rows, model, history, time_file, stage.time)
