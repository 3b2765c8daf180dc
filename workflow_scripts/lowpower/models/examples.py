"""Examples for the figures: the same tissue as teacher and student see it, and where their last maps answer."""

import json
from pathlib import Path

import numpy as np
import torch

from lowpower import draws
from lowpower.files import encode, write_images
from lowpower.models.cohort import Region, in_split, read_regions
from lowpower.models.model_file import load_model, prepare_device
from lowpower.models.pixels import Normalizer, read_image


def show_examples(
    models: dict[str, str | Path],
    indexes: dict[str, str | Path],
    splits: str | Path,
    seed: int,
    which: list[str],
    gpu: bool,
    output: str | Path,
) -> None:
    """Write a ZIP of images and examples.json: one region of each class, drawn by chance, not chosen.

    models, indexes: by the same keys, such as teacher and student. Images: {key}/{region}.png, the pixels the model
    reads, and {key}/{region}.map.png, the length of its last map's vectors, gray from 0 to the largest. examples.json:
    a list of {region, truth, {key}: predicted class}.
    """
    device = prepare_device(gpu)
    images: list[tuple[str, bytes]] = []
    found: dict[str, dict] = {}
    for key, model in models.items():
        network, about = load_model(model)
        network.to(device).eval()
        normalize = Normalizer(about["mean"], about["std"], device)
        regions = in_split(read_regions(indexes[key], splits, seed), *which)
        for region in _one_per_class(regions, about["classes"], seed):
            pixels = read_image(region)
            with torch.no_grad():
                logits, last_map = network(normalize([pixels]))
            strength = last_map[0].norm(dim=0)
            gray = (strength / strength.max().clamp_min(1e-9) * 255).round().byte().cpu().numpy()
            images.append((f"{key}/{region.region}.png", encode(pixels.permute(1, 2, 0).numpy())))
            images.append((f"{key}/{region.region}.map.png", encode(np.repeat(gray[..., None], 3, 2))))
            example = found.setdefault(
                region.region, {"region": region.region, "truth": region.true_label or region.label}
            )
            example[key] = about["classes"][int(logits.argmax())]
    text = json.dumps(list(found.values()), indent=2) + "\n"
    write_images(output, [*images, ("examples.json", text.encode())])


def _one_per_class(regions: list[Region], classes: list[str], seed: int) -> list[Region]:
    """Of each class the region whose draw is lowest; the same at every magnification."""
    ranked = sorted(regions, key=lambda region: draws.integer(seed, "example", region.region))
    first = {(region.true_label or region.label): region for region in reversed(ranked)}
    return [first[name] for name in classes if name in first]
