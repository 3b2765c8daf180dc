"""The area mean: how a region at high magnification becomes the same region at a lower one."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from lowpower import files
from lowpower.log import Progress, say
from lowpower.wording import count_of


def area_mean(image: np.ndarray, n: int) -> np.ndarray:
    """Mean of each n x n block, rounded half up: ``(sum + n*n//2) // (n*n)`` in whole numbers.

    image: (H, W, C) uint8 with H and W divisible by n, else ValueError. Returns (H/n, W/n, C) uint8.
    """
    height, width = image.shape[:2]
    if height % n or width % n:
        raise ValueError(f"an image of {width} x {height} px cannot be reduced by {n}: its sides are no multiples")
    if n == 1:
        return image
    # row sums fit 16 bits up to n = 257, block sums 32 bits up to n = 4104
    rows = np.zeros((height // n, width, image.shape[2]), np.uint16 if n <= 257 else np.uint32)
    for i in range(n):
        rows += image[i::n]
    total = np.full((height // n, width // n, image.shape[2]), n * n // 2, np.uint32)
    for j in range(n):
        total += rows[:, j::n]
    return (total // (n * n)).astype(np.uint8)


def downsample_slide(images: str | Path, reduction: int, output: str | Path) -> None:
    """Write the area means of a slide's regions.

    images: ZIP of a slide's regions at the teacher's magnification. output: ZIP of the same regions, each side
    ``reduction`` times smaller, as PNG: what a student sees is made of the very pixels the teacher sees.
    """
    slide = Path(output).stem
    with zipfile.ZipFile(images) as archive:
        names = archive.namelist()
        progress = Progress(f"{slide}: regions reduced", len(names))

        def reduced() -> Iterator[tuple[str, bytes]]:
            for done, name in enumerate(names):
                progress.at(done)
                image = area_mean(files.decode(archive.read(name)), reduction)
                yield Path(name).with_suffix(".png").name, files.encode(image)

        files.write_images(output, reduced())
    if names:
        say(f"{slide}: {count_of(len(names), 'region')} reduced, {reduction} x {reduction} pixels to one")
