"""Pixels of regions for training and prediction: read from ZIPs, kept in memory up to a limit, grouped by size."""

import os
import zipfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from lowpower import files
from lowpower.errors import InputError
from lowpower.models.cohort import Region
from lowpower.models.views import apply_view, draw_view


@lru_cache(maxsize=128)
def _archive(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


os.register_at_fork(after_in_child=_archive.cache_clear)  # parent and child would move one position in the file


def read_bytes(region: Region) -> bytes:
    """The encoded image of a region. Raises InputError naming a ZIP that is missing or damaged, and what to run."""
    try:
        return _archive(region.zip).read(region.member)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise InputError(
            f"{region.zip}: region {region.member} cannot be read ({error}); make the file again with "
            f"`snakemake --forcerun {region.zip}` and the --configfile you use"
        ) from error


def read_image(region: Region) -> Tensor:
    """A region's pixels, (3, H, W) uint8."""
    return torch.from_numpy(files.decode(read_bytes(region)).copy()).permute(2, 0, 1).contiguous()


class Pixels:
    """Images of regions and views of them, uint8; what has been made is kept while ``memory_mb`` lasts.

    seed, augmentation: what a view depends on. keep_views: views with a number below this are kept instead of the
    image they are made from, because they will be asked for again (a recording has so many).
    """

    def __init__(self, memory_mb: float, seed: int = 0, augmentation: dict | None = None, keep_views: int = 0) -> None:
        self.free = memory_mb * 1e6
        self.seed, self.augmentation, self.keep_views = seed, augmentation, keep_views
        self.kept: dict[tuple[str, int | None], Tensor] = {}

    def _keep(self, key: tuple[str, int | None], pixels: Tensor) -> Tensor:
        if pixels.nbytes <= self.free:
            self.free -= pixels.nbytes
            self.kept[key] = pixels
        return pixels

    def image(self, region: Region) -> Tensor:
        """The region as it is, (3, H, W)."""
        key = (region.region, None)
        return self.kept[key] if key in self.kept else self._keep(key, read_image(region))

    def view(self, region: Region, number: int) -> Tensor:
        """The view with this number of the region, (3, H, W)."""
        key = (region.region, number)
        if key in self.kept:
            return self.kept[key]
        drawn = draw_view(self.seed, region.region, number, self.augmentation)
        if number < self.keep_views:
            return self._keep(key, apply_view(drawn, read_image(region)))
        return apply_view(drawn, self.image(region))


def same_size(items: Iterable[tuple], megapixels: float) -> Iterator[list[tuple]]:
    """Groups of items whose first entries, images (3, H, W), have one size, of at most ``megapixels`` together.

    Nothing is padded: padding would move group normalization and pooling (logits by .2). Sizes in order of first
    appearance, items of one size in their order.
    """
    by_size: dict[tuple, list[tuple]] = {}
    for item in items:
        by_size.setdefault(tuple(item[0].shape), []).append(item)
    for (_, height, width), group in by_size.items():
        most = max(1, int(megapixels * 1e6 / (height * width)))
        for start in range(0, len(group), most):
            yield group[start : start + most]


class Normalizer:
    """Images (B, 3, H, W) uint8 -> float32, less the channel means, by the channel spreads, on a device."""

    def __init__(self, mean: list[float], std: list[float], device: torch.device) -> None:
        self.mean = torch.tensor(mean, device=device).mul(255).view(1, 3, 1, 1)
        self.scale = 1 / torch.tensor(std, device=device).mul(255).view(1, 3, 1, 1)
        self.device = device

    def __call__(self, images: list[Tensor]) -> Tensor:
        return (torch.stack(images).to(self.device).float() - self.mean) * self.scale


def channel_statistics(regions: list[Region], most: int = 500) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the channels, in 0-1, over at most ``most`` regions spread over the list."""
    chosen = regions[:: -(-len(regions) // most)]
    count, total, squares = 0, torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    for region in chosen:
        pixels = read_image(region).reshape(3, -1).to(torch.int64)
        count += pixels.shape[1]
        total += pixels.sum(1)
        squares += (pixels * pixels).sum(1)
    mean = total / count / 255
    std = (squares / count / 255**2 - mean**2).clamp_min(1e-6).sqrt()
    return [round(x, 6) for x in mean.tolist()], [round(x, 6) for x in std.tolist()]
