"""Who a student learns from: what was recorded of the teacher, or the teacher itself."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import safetensors
import torch
from torch import Tensor

from lowpower.errors import InputError
from lowpower.files import read_rows
from lowpower.models.model_file import KEY, load_model
from lowpower.models.pixels import Memory, Normalizer, Pixels
from lowpower.models.recording import POOLINGS, origin, pool_map
from lowpower.models.region_sets import Region
from lowpower.text import abbreviate, count_of


class OnlineTeacher:
    """The teacher in the loop, as in the released code. It may be asked for any number of views."""

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
        self.where: dict[str, tuple[dict[str, Tensor | list], int]] = {}
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
            raise _unfit(parts[-1], f"and the parts before it lack {lacking} of {index}: {abbreviate(missing)}")
        self.kept = Memory(memory_mb)

    def look(self, wanted: list[tuple[str, int]], pooling: str, factor: int) -> tuple[Tensor, Tensor]:
        """As ``OnlineTeacher.look``; factor counts from the teacher's own grid, of which half is stored."""
        keys = [(region, number % self.views) for region, number in wanted]
        missing = [key for key in dict.fromkeys(keys) if (*key, pooling, factor) not in self.kept]
        fresh = {}
        if missing:
            stored = torch.stack([self._stored(*key, pooling) for key in missing])
            pooled = pool_map(stored.float(), factor // 2, pooling).to(stored.dtype)
            fresh = dict(zip(missing, pooled, strict=True))
            for key, last_map in fresh.items():
                self.kept.keep((*key, pooling, factor), last_map)
        logits = [self.where[region][0]["logits"][self.where[region][1], view] for region, view in keys]
        maps = [fresh[key] if key in fresh else self.kept[(*key, pooling, factor)] for key in keys]
        return torch.stack(logits), torch.stack(maps).float()

    def _stored(self, region: str, view: int, pooling: str) -> Tensor:
        """A map in the mapped file, (256, h, w)."""
        tensors, i = self.where[region]
        start, shape = tensors["starts"][i][view], (self.channels, *tensors["grids"][i][view])
        return tensors[pooling][start : start + math.prod(shape)].view(shape)


def _open(part: str | Path) -> tuple[dict, dict[str, Tensor | list]]:
    """The header of a part; its tensors, which stay in the mapped file, and as lists where its maps lie."""
    try:
        file = safetensors.safe_open(part, "pt")
        names = ("logits", "grids", "starts", *POOLINGS)
        tensors = {name: file.get_tensor(name) for name in names}
        # numbers one by one are asked for at every look, and cost ten times as much from a tensor as from a list
        lists = {name: tensors[name].tolist() for name in ("grids", "starts")}
        return json.loads(file.metadata()[KEY]), tensors | lists
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise _unfit(part, f"is not a recording that this version reads ({error})") from None


def _unfit(part: str | Path, reason: str) -> InputError:
    return InputError(f"{part} {reason}; delete the folder {Path(part).parent} and run snakemake again")
