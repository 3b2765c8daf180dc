"""Teacher outputs for distillation: from the recording, or from the teacher itself."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import safetensors
import torch
from torch import Tensor

from lowpower.config.training_settings import Augmentation
from lowpower.errors import InputError
from lowpower.files import read_rows
from lowpower.models.model_file import KEY, load_model
from lowpower.models.networks import POOLINGS, pool_map
from lowpower.models.pixels import Memory, Normalizer, Pixels
from lowpower.models.recording import origin
from lowpower.models.region_sets import Region
from lowpower.text import abbreviate, count_of


class OnlineTeacher:
    """The teacher in the training loop, as in the released code, for any number of views."""

    views = None  # no limit

    def __init__(
        self, model: str | Path, pixels: Pixels, regions: list[Region], device: torch.device, megapixels: float
    ) -> None:
        self.network, header = load_model(model)
        self.network.to(device).eval()
        self.normalize = Normalizer(header.mean, header.std, device)
        self.pixels = pixels
        self.regions = {region.region: region for region in regions}
        self.megapixels = megapixels

    @torch.no_grad()
    def outputs(self, views: list[tuple[str, int]], pooling: str, factor: int) -> tuple[Tensor, Tensor]:
        """Logits (B, classes) and feature maps (B, 256, h, w), pooled by ``factor`` from the teacher's own grid.

        views: (region, view number), all of one size.
        """
        logits, maps = [], []
        for images, _ in self.pixels.passes([(self.regions[region], view) for region, view in views], self.megapixels):
            some_logits, some_maps = self.network(self.normalize(images))
            logits.append(some_logits)
            maps.append(pool_map(some_maps, factor, pooling))
        return torch.cat(logits), torch.cat(maps)


class RecordedTeacher:
    """The recording of ``record_teacher``. Views are numbered from 0 and recur after ``views``.

    regions: the training regions. Raises InputError unless the parts hold the outputs of this ``teacher`` (a model
    file) for all of them, with their pixels in ``index`` and views drawn with this seed and augmentation. memory_mb:
    limit for maps pooled to the student's grid; further maps are pooled again from the mapped file at each use.
    """

    def __init__(
        self,
        parts: Sequence[str | Path],
        regions: list[Region],
        teacher: str | Path,
        index: str | Path,
        seed: int,
        augmentation: Augmentation,
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

    def outputs(self, views: list[tuple[str, int]], pooling: str, factor: int) -> tuple[Tensor, Tensor]:
        """Same as ``OnlineTeacher.outputs``; factor refers to the teacher's own grid, stored at half its resolution."""
        keys = [(region, view % self.views) for region, view in views]
        missing = [key for key in dict.fromkeys(keys) if (*key, pooling, factor) not in self.kept]
        fresh = {}
        if missing:
            stored = torch.stack([self._stored(*key, pooling) for key in missing])
            pooled = pool_map(stored.float(), factor // 2, pooling).to(stored.dtype)
            fresh = dict(zip(missing, pooled, strict=True))
            for key, feature_map in fresh.items():
                self.kept.keep((*key, pooling, factor), feature_map)
        logits = [self.where[region][0]["logits"][self.where[region][1], view] for region, view in keys]
        maps = [fresh[key] if key in fresh else self.kept[(*key, pooling, factor)] for key in keys]
        return torch.stack(logits), torch.stack(maps).float()

    def _stored(self, region: str, view: int, pooling: str) -> Tensor:
        """A feature map in the mapped file, (256, h, w)."""
        tensors, i = self.where[region]
        start, shape = tensors["starts"][i][view], (self.channels, *tensors["grids"][i][view])
        return tensors[pooling][start : start + math.prod(shape)].view(shape)


def _open(part: str | Path) -> tuple[dict, dict[str, Tensor | list]]:
    """Header of a part, its tensors, which stay in the mapped file, and the places of its maps as lists."""
    try:
        file = safetensors.safe_open(part, "pt")
        names = ("logits", "grids", "starts", *POOLINGS)
        tensors = {name: file.get_tensor(name) for name in names}
        # single numbers are read at every step; a tensor takes ten times as long as a list
        lists = {name: tensors[name].tolist() for name in ("grids", "starts")}
        return json.loads(file.metadata()[KEY]), tensors | lists
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise _unfit(part, f"is not a recording that this version reads ({error})") from None


def _unfit(part: str | Path, reason: str) -> InputError:
    return InputError(f"{part} {reason}; delete the folder {Path(part).parent} and run snakemake again")
