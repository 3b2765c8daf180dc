"""Examples for the figures: the same tissue as teacher and student see it, and their feature maps.

One random region of each class, and regions that the teacher classifies correctly and the student wrongly, for a
person to review.
"""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch

from lowpower import rng
from lowpower.files import encode, write_images
from lowpower.log import say
from lowpower.models.model_file import load_model, prepare_device
from lowpower.models.pixels import Normalizer, read_image
from lowpower.models.region_sets import Region, in_split, read_regions
from lowpower.pseudonyms import Names, read_names
from lowpower.text import count_of

MOST = 6  # disagreements shown
OF_ONE_CLASS = 2


def show_examples(
    teacher: str | Path,
    student: str | Path,
    teacher_index: str | Path,
    student_index: str | Path,
    teacher_predictions: str | Path,
    student_predictions: str | Path,
    splits: str | Path,
    seed: int,
    reported: list[str],
    gpu: bool,
    examples: str | Path,
    names: str | Path | None = None,
) -> None:
    """Write a ZIP of images and examples.json.

    Images, for each key teacher and student: {key}/{region}.png, the pixels the model reads, and
    {key}/{region}.map.png, the length of its feature map's vectors, gray from 0 to the largest. examples.json:
    ``drawn`` and ``disagreements``, lists of {region, truth, {key}: predicted class, {key}_probability: of that class}.
    names: pseudonyms.csv where pseudonyms replace slide ids in region names, else None.
    """
    names_of_slides = read_names(names)
    device = prepare_device(gpu)
    regions = {
        key: {region.region: region for region in in_split(read_regions(index, splits, seed), *reported)}
        for key, index in (("teacher", teacher_index), ("student", student_index))
    }
    models = {"teacher": load_model(teacher), "student": load_model(student)}
    classes = models["teacher"][1].classes
    predictions = {"teacher": teacher_predictions, "student": student_predictions}
    calls = {key: read_calls(path, classes) for key, path in predictions.items()}
    labeled = [region for region in regions["teacher"].values() if region.truth]
    drawn, differing = one_of_each(classes, labeled, seed), disagreements(labeled, calls["teacher"], calls["student"])
    picked = pick(differing)
    shown = {
        "drawn": [_row(region, calls, names_of_slides) for region in drawn],
        "disagreements": [_row(region, calls, names_of_slides) for region in picked],
    }
    region_names = dict.fromkeys(region.region for region in [*drawn, *picked])
    images: list[tuple[str, bytes]] = []
    for key, (network, header) in models.items():
        network.to(device).eval()
        normalize = Normalizer(header.mean, header.std, device)
        for name in region_names:
            pixels = read_image(regions[key][name])
            with torch.no_grad():
                _, feature_map = network(normalize([pixels]))
            if feature_map is None:  # color has none
                feature_map = torch.zeros(1, 1, 1, 1)
            lengths = feature_map[0].norm(dim=0)
            gray = (lengths / lengths.max().clamp_min(1e-9) * 255).round().byte().cpu().numpy()
            images.append((f"{key}/{names_of_slides.region(name)}.png", encode(pixels.permute(1, 2, 0).numpy())))
            images.append((f"{key}/{names_of_slides.region(name)}.map.png", encode(np.repeat(gray[..., None], 3, 2))))
    write_images(examples, [*images, ("examples.json", (json.dumps(shown, indent=2) + "\n").encode())])
    say(
        f"{count_of(len(drawn), 'example')}, one of each class; the teacher classifies "
        f"{count_of(len(differing), 'region')} correctly that the student does not, "
        f"{len(picked)} of them shown"
    )


def read_calls(predictions: str | Path, classes: list[str]) -> dict[str, tuple[str, float]]:
    """Predictions of a model for the regions' area means: region -> (predicted class, its probability)."""
    table = pq.read_table(predictions, filters=[("pixels", "==", "averaged")])
    probabilities = np.column_stack([table[f"p_{name}"].to_numpy() for name in classes])
    calls = zip((classes[k] for k in probabilities.argmax(1)), probabilities.max(1).tolist(), strict=True)
    return dict(zip(table["region"].to_pylist(), calls, strict=True))


def one_of_each(classes: list[str], regions: list[Region], seed: int) -> list[Region]:
    """For each class, the region with the lowest random draw."""
    ranked = sorted(regions, key=lambda region: rng.integer(seed, "example", region.region))
    first = {region.truth: region for region in reversed(ranked)}
    return [first[name] for name in classes if name in first]


def disagreements(
    regions: list[Region], teacher: dict[str, tuple[str, float]], student: dict[str, tuple[str, float]]
) -> list[Region]:
    """Regions that the teacher classifies correctly and the student wrongly, the student's most confident first."""
    differing = [r for r in regions if teacher[r.region][0] == r.truth != student[r.region][0]]
    return sorted(differing, key=lambda region: (-student[region.region][1], region.region))


def pick(differing: list[Region]) -> list[Region]:
    """Pick the first regions, with a limit for each class, so that no class fills the page."""
    picked, class_counts = [], Counter()
    for region in differing:
        if len(picked) < MOST and class_counts[region.truth] < OF_ONE_CLASS:
            picked.append(region)
            class_counts[region.truth] += 1
    return picked


def _row(region: Region, calls: dict[str, dict[str, tuple[str, float]]], names: Names) -> dict:
    row = {"region": names.region(region.region), "truth": region.truth}
    for key, calls_of_model in calls.items():
        predicted, probability = calls_of_model[region.region]
        row |= {key: predicted, f"{key}_probability": round(probability, 6)}
    return row
