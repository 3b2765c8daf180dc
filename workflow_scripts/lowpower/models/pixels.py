"""Pixels of regions for training, as tensors: kept in memory up to a limit, views drawn, normalized."""

from collections.abc import Iterator, Sequence
from functools import lru_cache, partial

import torch
from torch import Tensor

from lowpower.config.training_settings import Augmentation
from lowpower.models.augmentation import apply_views, draw_view
from lowpower.models.region_sets import Region
from lowpower.models.stored_images import by_size, pieces, read_pixels


def read_image(region: Region) -> Tensor:
    """Read the pixels of a region, (3, H, W) uint8."""
    return torch.from_numpy(read_pixels(region))


_DRAWN_AT_ONCE = 1 << 16  # pixels of views made together: as floats they fit into the processor's cache


class Memory(dict):
    """Cache of tensors by key, up to ``megabytes`` in all."""

    def __init__(self, megabytes: float) -> None:
        super().__init__()
        self.free = megabytes * 1e6

    def keep(self, key: object, values: Tensor) -> Tensor:
        """Keep the values if there is room; return them."""
        if values.nbytes <= self.free:
            self.free -= values.nbytes
            self[key] = values
        return values


class Pixels:
    """Images of regions and their views, uint8, kept in memory up to ``memory_mb``.

    seed, augmentation: as in ``draw_view``. keep_views: views with a number below this (the number of recorded views)
    are kept instead of their source image, because they recur.
    """

    def __init__(
        self, memory_mb: float, seed: int = 0, augmentation: Augmentation | None = None, keep_views: int = 0
    ) -> None:
        self.cache = Memory(memory_mb)
        self.augmentation, self.keep_views = augmentation, keep_views
        draw = partial(draw_view, seed, augmentation=augmentation)
        self.draw = lru_cache(1 << 16)(draw) if keep_views else draw

    def image(self, region: Region) -> Tensor:
        """The region without augmentation, (3, H, W)."""
        key = (region.region, None)
        return self.cache[key] if key in self.cache else self.cache.keep(key, read_image(region))

    def view(self, region: Region, number: int) -> Tensor:
        """The view of the region with this number, (3, H, W)."""
        return self.views([(region, number)])[0]

    def views(self, requested: list[tuple[Region, int]]) -> list[Tensor]:
        """Views of these (region, number); those not in memory are drawn together, size by size."""
        views = [self.cache.get((region.region, number)) for region, number in requested]
        missing = [i for i, view in enumerate(views) if view is None]
        for (height, width), positions in by_size(missing, lambda i: (requested[i][0].height, requested[i][0].width)):
            for chunk in pieces(positions, _DRAWN_AT_ONCE // (height * width)):
                draws = [self.draw(requested[i][0].region, requested[i][1]) for i in chunk]
                drawn = apply_views(draws, [self._source(*requested[i]) for i in chunk])
                for i, view in zip(chunk, drawn, strict=True):
                    region, number = requested[i]
                    views[i] = self.cache.keep((region.region, number), view) if number < self.keep_views else view
        return views

    def passes(
        self, requested: list[tuple[Region, int]], megapixels: float
    ) -> Iterator[tuple[list[Tensor], list[int]]]:
        """The same views, grouped as by ``same_size``, with their positions in ``requested``; drawn pass by pass.

        A batch of 32 regions of 17 megapixels would take 1.6 GB at once.
        """

        def size(position: int) -> tuple[int, int]:
            region, number = requested[position]
            turns = self.augmentation.quarter_turns and region.height != region.width
            turned = turns and self.draw(region.region, number).turns % 2
            return (region.width, region.height) if turned else (region.height, region.width)

        for (height, width), positions in by_size(range(len(requested)), size):
            for chunk in pieces(positions, int(megapixels * 1e6 / (height * width))):
                yield self.views([requested[position] for position in chunk]), chunk

    def _source(self, region: Region, number: int) -> Tensor:
        """The image that a view is drawn from; not kept if the view itself will be."""
        return read_image(region) if number < self.keep_views else self.image(region)


class Normalizer:
    """Images (B, 3, H, W) uint8 -> floats on a device, minus the channel means, divided by the channel spreads.

    Floats have torch's default type, as the weights do: float32, or float64 in tests for exact sums.
    """

    def __init__(self, mean: list[float], std: list[float], device: torch.device) -> None:
        self.mean = torch.tensor(mean, device=device).mul(255).view(1, 3, 1, 1)
        self.scale = 1 / torch.tensor(std, device=device).mul(255).view(1, 3, 1, 1)
        self.device = device

    def __call__(self, images: Sequence[Tensor]) -> Tensor:
        return self.tensor(torch.stack(list(images)).to(self.device))

    def tensor(self, images: Tensor) -> Tensor:
        """Normalize images that are one tensor on the device already."""
        return images.to(self.mean.dtype).sub_(self.mean).mul_(self.scale)


def channel_statistics(regions: list[Region], limit: int = 500) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of the channels, in 0-1, over at most ``limit`` regions evenly from the list."""
    chosen = regions[:: -(-len(regions) // limit)]
    count, total, squares = 0, torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    for region in chosen:
        pixels = read_image(region).reshape(3, -1).to(torch.int64)
        count += pixels.shape[1]
        total += pixels.sum(1)
        squares += (pixels * pixels).sum(1)
    mean = total / count / 255
    std = (squares / count / 255**2 - mean**2).clamp_min(1e-6).sqrt()
    return [round(x, 6) for x in mean.tolist()], [round(x, 6) for x in std.tolist()]
