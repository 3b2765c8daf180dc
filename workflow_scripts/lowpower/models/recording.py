"""The teacher looks once: what it says of each view of each training region is stored (``teachers`` reads it).

The released method runs the teacher at every step of every student. A recording holds, for V views of a region, the
teacher's logits and its last map, max- and mean-pooled to half the teacher's grid: the finest a student can have, from
which coarser grids follow exactly.

A part of it is a file of five tensors, which is mapped and not read: ``logits`` (regions, V, classes) float32; ``max``
and ``mean``, all maps one after the other, float16; ``grids`` (regions, V, 2), the height and width of each, and
``starts`` (regions, V), where it begins.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor

from lowpower import rng
from lowpower.files import replacing
from lowpower.log import Progress, say
from lowpower.models.model_file import KEY, load_model, prepare_device
from lowpower.models.pixels import Normalizer, Pixels
from lowpower.models.region_sets import in_split, read_regions
from lowpower.sizes import MAP_TYPE
from lowpower.text import count_of


def _max_pool(last_map: Tensor, factor: int) -> Tensor:
    """As F.max_pool2d, which takes ten times as long over a whole map, and twice to three times over parts of it."""
    if last_map.shape[-2:] == (factor, factor):
        return last_map.amax((-2, -1), keepdim=True)
    return last_map.unflatten(-1, (-1, factor)).amax(-1).unflatten(-2, (-1, factor)).amax(-2)


POOLINGS = {"max": _max_pool, "mean": F.avg_pool2d}
STORED = getattr(torch, MAP_TYPE)


def pool_map(last_map: Tensor, factor: int, pooling: str) -> Tensor:
    """A map on a grid ``factor`` times coarser, by the maximum or the mean of factor x factor positions.

    last_map: ([B,] C, h, w) with h and w multiples of factor -> ([B,] C, h / factor, w / factor). The teacher is pooled
    down and the student never enlarged: slower, and its backward pass is not deterministic on CUDA.
    """
    return last_map if factor == 1 else POOLINGS[pooling](last_map, factor)


@torch.no_grad()
def record_teacher(
    teacher: str | Path,
    index: str | Path,
    splits: str | Path,
    seed: int,
    views: int,
    part: int,
    parts: int,
    augmentation: dict,
    megapixels: float,
    gpu: bool,
    targets: str | Path,
) -> None:
    """Store what the teacher says of every view of the training regions of one part.

    The part of a region is drawn from its id. Regions are judged one by one, all views of a region together, so that
    the numbers do not depend on the number of parts.
    """
    device = prepare_device(gpu)
    regions = in_split(read_regions(index, splits, seed), "train")
    regions = [region for region in regions if rng.integer(0, "part", region.region) % parts == part]
    pixels = Pixels(0, seed, augmentation)
    network, about = load_model(teacher)
    network.to(device).eval()
    normalize = Normalizer(about["mean"], about["std"], device)
    what = f"recording part {part}, seed {seed}"
    progress = Progress(what, len(regions))
    channels = network(torch.zeros(1, 3, 64, 64, device=device))[1].shape[1]
    sizes = torch.tensor([[channels * (r.height // 64) * (r.width // 64)] * views for r in regions], dtype=torch.int64)
    ends = sizes.flatten().cumsum(0)
    said = {
        "logits": torch.zeros(len(regions), views, len(about["classes"])),
        "grids": torch.zeros(len(regions), views, 2, dtype=torch.int32),
        "starts": (ends - sizes.flatten()).view(len(regions), views),
        **{pooling: torch.zeros(int(sizes.sum()), dtype=STORED) for pooling in POOLINGS},
    }
    for i, region in enumerate(regions):
        for images, numbers in pixels.passes([(region, number) for number in range(views)], megapixels):
            logits, maps = network(normalize(images))
            said["logits"][i, numbers] = logits.cpu()
            said["grids"][i, numbers] = torch.tensor(maps.shape[2:], dtype=torch.int32) // 2
            for pooling in POOLINGS:
                for number, last_map in zip(numbers, pool_map(maps, 2, pooling).to(STORED).cpu(), strict=True):
                    start = said["starts"][i, number]
                    said[pooling][start : start + last_map.numel()] = last_map.flatten()
        progress.at(i + 1)
    header = origin(about, seed, augmentation) | {
        "views": views,
        "channels": channels,
        "regions": {r.region: r.content for r in regions},
    }
    with replacing(targets) as written:
        written.write_bytes(save(said, {KEY: json.dumps(header, sort_keys=True)}))
    size = sum(values.nbytes for values in said.values()) / 1e6
    say(f"{what}: {count_of(len(regions), 'region')} x {count_of(views, 'view')}, {size:,.1f} MB")


def origin(about: dict, seed: int, augmentation: dict) -> dict:
    """What tells one recording from another; about: the teacher's header."""
    return {"teacher": about["fingerprint"], "seed": seed, "augmentation": dict(sorted(augmentation.items()))}
