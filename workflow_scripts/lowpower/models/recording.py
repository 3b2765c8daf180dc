"""The teacher looks once: what it says of each view of each training region, stored, or asked for live.

The released method runs the teacher at every step of every student. A recording holds, for V views of a region, the
teacher's logits and its last map, max- and mean-pooled to half the teacher's grid: the finest a student can have, from
which coarser grids follow exactly.

A part of it is one file of five tensors, whatever the number of its regions (a tensor for each view had a header of
100 bytes for every 4,096 numbers): ``logits`` (regions, V, classes) float32; ``max`` and ``mean``, all maps one after
the other, float16; ``grids`` (regions, V, 2), the height and width of each; ``starts`` (regions, V), where it begins.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import safetensors
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from lowpower import draws
from lowpower.errors import InputError
from lowpower.files import read_rows, replacing
from lowpower.log import Progress, say
from lowpower.models.cohort import Region, in_split, read_regions
from lowpower.models.model_file import KEY, load_model, prepare_device
from lowpower.models.pixels import Memory, Normalizer, Pixels
from lowpower.wording import count_of, some

POOLINGS = {"max": F.max_pool2d, "mean": F.avg_pool2d}
STORED = torch.float16  # of maps: it rounds by 1 / 2,048 at most, where another view differs by half of the map
_SMALL = ("logits", "grids", "starts")


def pool_map(last_map: Tensor, factor: int, pooling: str) -> Tensor:
    """A map on a grid ``factor`` times coarser, by the maximum or the mean of factor x factor positions.

    last_map: ([B,] C, h, w) with h and w multiples of factor -> ([B,] C, h / factor, w / factor). The teacher is pooled
    down and the student never enlarged: slower, and its backward pass is not deterministic on CUDA.
    """
    return last_map if factor == 1 else POOLINGS[pooling](last_map, factor)


class LiveTeacher:
    """The teacher itself. It may be asked for any number of views."""

    views = None

    def __init__(
        self, model: str | Path, pixels: Pixels, regions: list[Region], device: torch.device, megapixels: float
    ) -> None:
        self.network, about = load_model(model)
        self.network.to(device).eval()
        self.normalize = Normalizer(about["mean"], about["std"], device)
        self.pixels = pixels
        self.regions = {region.region: region for region in regions}
        self.megapixels = megapixels

    @torch.no_grad()
    def look(self, wanted: list[tuple[str, int]], pooling: str, factor: int) -> tuple[Tensor, Tensor]:
        """Logits (B, classes) and last maps (B, 256, h, w), pooled by ``factor`` from the teacher's own grid.

        wanted: (region, number of the view) of views of one size.
        """
        said = []
        views = [(self.regions[region], number) for region, number in wanted]
        for images, _ in self.pixels.passes(views, self.megapixels):
            logits, maps = self.network(self.normalize(images))
            said.append((logits, pool_map(maps, factor, pooling)))
        logits, maps = zip(*said, strict=True)
        return torch.cat(logits), torch.cat(maps)


class RecordedTeacher:
    """What ``record_teacher`` stored. Views are numbered from 0 and come round again after ``views``.

    regions: those that will be asked for. Raises InputError where the parts do not hold what the ``teacher`` (a model
    file) says of their pixels in ``index``, in views drawn with this seed and augmentation. memory_mb: for maps pooled
    to the student's grid; beyond it they are pooled again from the mapped file.
    """

    def __init__(
        self,
        parts: Sequence[str | Path],
        regions: list[Region],
        teacher: str | Path,
        index: str | Path,
        seed: int,
        augmentation: dict,
        memory_mb: float,
    ) -> None:
        expected = origin(load_model(teacher)[1], seed, augmentation)
        contents = {row["region"]: row["fingerprint"] for row in read_rows(index)}
        self.where: dict[str, tuple[dict[str, Tensor], int]] = {}
        for part in parts:
            about, tensors = _open(part)
            expected.setdefault("views", about["views"])
            for name, wanted in expected.items():
                if about[name] != wanted:
                    raise _unfit(part, f"is of another study: its `{name}` is {about[name]}, not {wanted}")
            for i, (region, content) in enumerate(about["regions"].items()):
                if content != contents.get(region, content):
                    raise _unfit(part, f"was recorded from other pixels of region {region} than {index} lists")
                self.where[region] = (tensors, i)
        self.views, self.channels = about["views"], about["channels"]
        missing = [region.region for region in regions if region.region not in self.where]
        if missing:
            lacking = count_of(len(missing), "region")
            raise _unfit(parts[-1], f"and the parts before it lack {lacking} of {index}: {some(missing)}")
        self.kept = Memory(memory_mb)

    def look(self, wanted: list[tuple[str, int]], pooling: str, factor: int) -> tuple[Tensor, Tensor]:
        """As ``LiveTeacher.look``; factor counts from the teacher's own grid, of which half is stored."""
        keys = [(region, number % self.views) for region, number in wanted]
        missing = [key for key in dict.fromkeys(keys) if (*key, pooling, factor) not in self.kept]
        fresh = {}
        if missing:
            stored = torch.stack([self._stored(*key, pooling) for key in missing])
            fresh = dict(zip(missing, pool_map(stored.float(), factor // 2, pooling).to(STORED), strict=True))
            for key, last_map in fresh.items():
                self.kept.keep((*key, pooling, factor), last_map)
        logits = [self.where[region][0]["logits"][self.where[region][1], view] for region, view in keys]
        maps = [fresh[key] if key in fresh else self.kept[(*key, pooling, factor)] for key in keys]
        return torch.stack(logits), torch.stack(maps).float()

    def _stored(self, region: str, view: int, pooling: str) -> Tensor:
        """A map in the mapped file, (256, h, w)."""
        tensors, i = self.where[region]
        start, shape = tensors["starts"][i, view].item(), (self.channels, *tensors["grids"][i, view].tolist())
        return tensors[pooling][start : start + math.prod(shape)].view(shape)


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
    with replacing(output) as written:
        save_file(said, written, {KEY: json.dumps(header, sort_keys=True)})
    size = sum(values.nbytes for values in said.values()) / 1e6
    say(f"{what}: {count_of(len(regions), 'region')} x {count_of(views, 'view')}, {size:,.1f} MB")


def origin(about: dict, seed: int, augmentation: dict) -> dict:
    """What tells one recording from another; about: the teacher's header."""
    return {"teacher": about["fingerprint"], "seed": seed, "augmentation": dict(sorted(augmentation.items()))}


def _open(part: str | Path) -> tuple[dict, dict[str, Tensor]]:
    """The header of a part and its tensors, which stay in the mapped file."""
    try:
        file = safetensors.safe_open(part, "pt")
        return json.loads(file.metadata()[KEY]), {name: file.get_tensor(name) for name in (*POOLINGS, *_SMALL)}
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise _unfit(part, f"is not a recording that this version reads ({error})") from None


def _unfit(part: str | Path, reason: str) -> InputError:
    return InputError(f"{part} {reason}; delete the folder {Path(part).parent} and run snakemake again")
