"""The teacher looks once: what it says of each view of each training region, stored, or asked for live.

The released method runs the teacher at every step of every student. A recording holds, for V views of a region, the
teacher's logits and its last map, max- and mean-pooled to half the teacher's grid: the finest a student can have, from
which coarser grids follow exactly.
"""

import json
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor

from lowpower import draws
from lowpower.errors import InputError
from lowpower.files import replacing
from lowpower.log import Progress, say
from lowpower.models.cohort import Region, in_split, read_regions
from lowpower.models.model_file import KEY, load_model, prepare_device
from lowpower.models.pixels import Normalizer, Pixels, same_size
from lowpower.wording import count_of

POOLINGS = {"max": F.max_pool2d, "mean": F.avg_pool2d}


def pool_map(last_map: Tensor, factor: int, pooling: str) -> Tensor:
    """A map on a grid ``factor`` times coarser, by the maximum or the mean of factor x factor positions.

    last_map: ([B,] C, h, w) with h and w multiples of factor -> ([B,] C, h / factor, w / factor). The teacher is pooled
    down and the student never enlarged: slower, and its backward pass is not deterministic on CUDA.
    """
    return last_map if factor == 1 else POOLINGS[pooling](last_map, factor)


class LiveTeacher:
    """The teacher itself. It may be asked for any number of views."""

    views = None

    def __init__(self, model: str | Path, pixels: Pixels, regions: list[Region], device: torch.device) -> None:
        self.network, about = load_model(model)
        self.network.to(device).eval()
        self.normalize = Normalizer(about["mean"], about["std"], device)
        self.pixels = pixels
        self.regions = {region.region: region for region in regions}

    @torch.no_grad()
    def look(self, region: str, number: int, pooling: str, factor: int) -> tuple[Tensor, Tensor]:
        """Logits (classes) and last map (256, h, w), pooled by ``factor`` from the teacher's own grid, of one view."""
        images = self.normalize([self.pixels.view(self.regions[region], number)])
        logits, last_map = self.network(images)
        return logits[0], pool_map(last_map, factor, pooling)[0]


class RecordedTeacher:
    """What ``record_teacher`` stored. Views are numbered from 0 and come round again after ``views``."""

    def __init__(self, parts: list[str | Path], regions: list[Region]) -> None:
        self.files = [safetensors.safe_open(part, "pt") for part in parts]
        abouts = [json.loads(file.metadata()[KEY]) for file in self.files]
        if any(about != abouts[0] for about in abouts):
            raise InputError(f"{parts[0]} and other parts of the recording differ in teacher or views; delete them all")
        self.views = abouts[0]["views"]
        self.where = {key.rsplit(".", 2)[0]: file for file in self.files for key in file.keys()}
        missing = [region.region for region in regions if region.region not in self.where]
        if missing:
            raise InputError(f"{parts[0]}: the recording lacks region {missing[0]}; delete it and run snakemake again")

    def look(self, region: str, number: int, pooling: str, factor: int) -> tuple[Tensor, Tensor]:
        """As ``LiveTeacher.look``; factor counts from the teacher's own grid, of which half is stored."""
        file, view = self.where[region], number % self.views
        last_map = file.get_tensor(f"{region}.{view}.{pooling}")
        return file.get_tensor(f"{region}.{view}.logits"), pool_map(last_map, factor // 2, pooling)


@torch.no_grad()
def record_teacher(
    model: str | Path,
    index: str | Path,
    splits: str | Path,
    seed: int,
    views: int,
    part: int,
    parts: int,
    augmentation: dict,
    megapixels: float,
    gpu: bool,
    output: str | Path,
) -> None:
    """Store what the teacher says of every view of the training regions of one part.

    The part of a region is drawn from its id. Regions are judged one by one, all views of a region together, so that
    the numbers do not depend on the number of parts.
    """
    device = prepare_device(gpu)
    regions = in_split(read_regions(index, splits, seed), "train")
    regions = [region for region in regions if draws.integer(0, "part", region.region) % parts == part]
    pixels = Pixels(0, seed, augmentation)
    network, about = load_model(model)
    network.to(device).eval()
    normalize = Normalizer(about["mean"], about["std"], device)
    what = f"recording part {part}, seed {seed}"
    progress = Progress(what, len(regions))
    found: dict[str, Tensor] = {}
    for done, region in enumerate(regions, start=1):
        items = [(pixels.view(region, number), number) for number in range(views)]
        for group in same_size(items, megapixels):
            images, numbers = zip(*group, strict=True)
            logits, maps = network(normalize(list(images)))
            said = {"logits": logits} | {pooling: pool_map(maps, 2, pooling) for pooling in POOLINGS}
            for name, values in said.items():
                for number, value in zip(numbers, values.cpu(), strict=True):
                    found[f"{region.region}.{number}.{name}"] = value.clone()
        progress.at(done)
    header = {KEY: json.dumps({"views": views, "teacher": about["fingerprint"], "seed": seed}, sort_keys=True)}
    with replacing(output) as written:
        written.write_bytes(save(found, header))
    size = sum(values.nbytes for values in found.values()) / 1e6
    say(f"{what}: {count_of(len(regions), 'region')} x {count_of(views, 'view')}, {size:,.1f} MB")
