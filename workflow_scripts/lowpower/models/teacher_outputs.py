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
from lowpower.models.attention import scores_of
from lowpower.models.model_file import KEY, load_model
from lowpower.models.networks import POOLINGS, map_channels, pool_map
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
        self.attention = header.bags == "attention"
        self.channels, self.fingerprint = map_channels(self.network), header.fingerprint
        self.normalize = Normalizer(header.mean, header.std, device)
        self.pixels = pixels
        self.regions = {region.region: region for region in regions}
        self.megapixels = megapixels

    @torch.no_grad()
    def outputs(self, views: list[tuple[str, int]], pooling: str, factor: int) -> tuple[Tensor, ...]:
        """Logits (B, classes), and feature maps (B, C, h, w) pooled by ``factor`` from the teacher's own grid.

        A teacher with attention adds its scores (B,). views: (region, view number), all of one size.
        """
        logits, maps, scores = [], [], []
        for images, _ in self.pixels.passes([(self.regions[region], view) for region, view in views], self.megapixels):
            pass_logits, pass_maps = self.network(self.normalize(images))
            logits.append(pass_logits)
            maps.append(pool_map(pass_maps, factor, pooling))
            scores.append(scores_of(self.network, pass_maps))
        outputs = torch.cat(logits), torch.cat(maps)
        return (*outputs, torch.cat(scores)) if self.attention else outputs


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
        header = load_model(teacher)[1]
        self.fingerprint, expected = header.fingerprint, origin(header, seed, augmentation)
        contents = {row["region"]: row["fingerprint"] for row in read_rows(index)}
        self.position_of: dict[str, tuple[dict[str, Tensor | list], int]] = {}
        for part in parts:
            part_header, tensors = _open_part(part)
            expected.setdefault("views", part_header["views"])
            for name, value in expected.items():
                if part_header[name] != value:
                    raise _unfit_recording(
                        part, f"is of another study: its `{name}` is {part_header[name]}, not {value}"
                    )
            for i, (region, content) in enumerate(part_header["regions"].items()):
                if content != contents.get(region, content):
                    raise _unfit_recording(
                        part, f"was recorded from other pixels of region {region} than {index} lists"
                    )
                self.position_of[region] = (tensors, i)
        self.views, self.channels = part_header["views"], part_header["channels"]
        missing = [region.region for region in regions if region.region not in self.position_of]
        if missing:
            count = count_of(len(missing), "region")
            raise _unfit_recording(parts[-1], f"and the parts before it lack {count} of {index}: {abbreviate(missing)}")
        self.cache = Memory(memory_mb)
        self.stacked = ("logits", "scores") if header.bags == "attention" else ("logits",)

    def outputs(self, views: list[tuple[str, int]], pooling: str, factor: int) -> tuple[Tensor, ...]:
        """Same as ``OnlineTeacher.outputs``; factor refers to the teacher's own grid, stored at half its resolution."""
        keys = [(region, view % self.views) for region, view in views]
        missing = [key for key in dict.fromkeys(keys) if (*key, pooling, factor) not in self.cache]
        new_maps = {}
        if missing:
            stored = torch.stack([self._stored(*key, pooling) for key in missing])
            pooled = pool_map(stored.float(), factor // 2, pooling).to(stored.dtype)
            new_maps = dict(zip(missing, pooled, strict=True))
            for key, feature_map in new_maps.items():
                self.cache.keep((*key, pooling, factor), feature_map)
        maps = [new_maps[key] if key in new_maps else self.cache[(*key, pooling, factor)] for key in keys]
        logits, *scores = (self._stacked(name, keys) for name in self.stacked)
        return logits, torch.stack(maps).float(), *scores

    def _stacked(self, name: str, keys: list[tuple[str, int]]) -> Tensor:
        """A tensor of the mapped files, ``logits`` or ``scores``, for these (region, view)."""
        stored = [(*self.position_of[region], view) for region, view in keys]
        return torch.stack([tensors[name][i, view] for tensors, i, view in stored])

    def _stored(self, region: str, view: int, pooling: str) -> Tensor:
        """A feature map in the mapped file, (C, h, w)."""
        tensors, i = self.position_of[region]
        start, shape = tensors["starts"][i][view], (self.channels, *tensors["grids"][i][view])
        return tensors[pooling][start : start + math.prod(shape)].view(shape)


def _open_part(part: str | Path) -> tuple[dict, dict[str, Tensor | list]]:
    """Read the header of a part, its tensors (mapped, not loaded), and the sizes and offsets of its maps as lists."""
    try:
        file = safetensors.safe_open(part, "pt")
        names = ("logits", "grids", "starts", *POOLINGS)
        tensors = {name: file.get_tensor(name) for name in sorted({*names, *file.keys()})}
        # single numbers are read at every step; a tensor takes ten times as long as a list
        lists = {name: tensors[name].tolist() for name in ("grids", "starts")}
        return json.loads(file.metadata()[KEY]), tensors | lists
    except (safetensors.SafetensorError, KeyError, TypeError) as error:
        raise _unfit_recording(part, f"is not a recording that this version reads ({error})") from None


def _unfit_recording(part: str | Path, reason: str) -> InputError:
    return InputError(f"{part} {reason}; delete the folder {Path(part).parent} and run snakemake again")
