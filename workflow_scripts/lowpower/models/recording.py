"""Run the teacher once and cache its outputs for every view of the training regions (``teacher_outputs`` reads them).

The released method runs the teacher at every step of every student. A recording holds, for V views of a region, the
teacher's logits and its feature map, max- and mean-pooled to half the teacher's grid. That is the finest grid of any
student; coarser grids follow from it exactly.

Each part is a file of five tensors, which is memory-mapped: ``logits`` (regions, V, classes) float32; ``max`` and
``mean``, all maps one after the other, float16; ``grids`` (regions, V, 2), the height and width of each map, and
``starts`` (regions, V), its offset. That of a teacher with attention also has its ``scores`` (regions, V), float32.
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save

from lowpower import rng
from lowpower.config.training_settings import Augmentation
from lowpower.files import replacing
from lowpower.log import Progress, say
from lowpower.model_header import ModelHeader
from lowpower.models.attention import scores_of
from lowpower.models.model_file import KEY, load_model, prepare_device
from lowpower.models.networks import POOLINGS, map_channels, pool_map
from lowpower.models.pixels import Normalizer, Pixels
from lowpower.models.region_sets import in_split, read_regions
from lowpower.sizes import MAP_TYPE
from lowpower.text import count_of

STORED = getattr(torch, MAP_TYPE)


@torch.no_grad()
def record_teacher(
    teacher: str | Path,
    index: str | Path,
    splits: str | Path,
    seed: int,
    views: int,
    part: int,
    parts: int,
    augmentation: Augmentation,
    megapixels: float,
    gpu: bool,
    targets: str | Path,
) -> None:
    """Cache the teacher's outputs for every view of the training regions of one part.

    The part of a region is drawn from its id. The teacher runs on one region at a time, with all its views, so that the
    numbers do not depend on the number of parts.
    """
    device = prepare_device(gpu)
    regions = in_split(read_regions(index, splits, seed), "train")
    regions = [region for region in regions if rng.integer(0, "part", region.region) % parts == part]
    pixels = Pixels(0, seed, augmentation)
    network, header = load_model(teacher)
    network.to(device).eval()
    normalize = Normalizer(header.mean, header.std, device)
    title = f"recording part {part}, seed {seed}"
    progress = Progress(title, len(regions))
    channels = map_channels(network)
    sizes = torch.tensor([[channels * (r.height // 64) * (r.width // 64)] * views for r in regions], dtype=torch.int64)
    ends = sizes.flatten().cumsum(0)
    outputs = {
        "logits": torch.zeros(len(regions), views, len(header.classes)),
        "grids": torch.zeros(len(regions), views, 2, dtype=torch.int32),
        "starts": (ends - sizes.flatten()).view(len(regions), views),
        **{pooling: torch.zeros(int(sizes.sum()), dtype=STORED) for pooling in POOLINGS},
    }
    if header.bags == "attention":
        outputs["scores"] = torch.zeros(len(regions), views)
    for i, region in enumerate(regions):
        for images, numbers in pixels.passes([(region, number) for number in range(views)], megapixels):
            logits, maps = network(normalize(images))
            outputs["logits"][i, numbers] = logits.cpu()
            if "scores" in outputs:
                outputs["scores"][i, numbers] = scores_of(network, maps).cpu()
            outputs["grids"][i, numbers] = torch.tensor(maps.shape[2:], dtype=torch.int32) // 2
            for pooling in POOLINGS:
                for number, feature_map in zip(numbers, pool_map(maps, 2, pooling).to(STORED).cpu(), strict=True):
                    start = outputs["starts"][i, number]
                    outputs[pooling][start : start + feature_map.numel()] = feature_map.flatten()
        progress.at(i + 1)
    header_values = origin(header, seed, augmentation) | {
        "views": views,
        "channels": channels,
        "regions": {r.region: r.content for r in regions},
    }
    with replacing(targets) as part_path:
        part_path.write_bytes(save(outputs, {KEY: json.dumps(header_values, sort_keys=True)}))
    size = sum(values.nbytes for values in outputs.values()) / 1e6
    say(f"{title}: {count_of(len(regions), 'region')} x {count_of(views, 'view')}, {size:,.1f} MB")


def origin(header: ModelHeader, seed: int, augmentation: Augmentation) -> dict:
    """Inputs of a recording, for a student to check. header: that of the teacher's model file."""
    return {"teacher": header.fingerprint, "seed": seed, "augmentation": dict(sorted(asdict(augmentation).items()))}
