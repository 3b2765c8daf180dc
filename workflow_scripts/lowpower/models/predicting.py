"""Predictions: what a model says of every region of the splits that are judged, once, for every table and figure."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from lowpower.files import replacing
from lowpower.log import Progress, say
from lowpower.models.cohort import in_split, read_regions
from lowpower.models.model_file import load_model, prepare_device
from lowpower.models.pixels import Normalizer, read_image, same_size
from lowpower.wording import count_of

_TEXT = ("region", "slide", "patient", "site", "split", "label", "true_label", "label_source")
_AT_ONCE = 64  # regions decoded together before they are grouped by size


@torch.no_grad()
def predict(
    model: str | Path,
    index: str | Path,
    splits: str | Path,
    seed: int,
    which: list[str],
    megapixels: float,
    gpu: bool,
    output: str | Path,
) -> None:
    """Write predictions.parquet: one row per region of the splits ``which``, sorted by region.

    Columns: region, slide, patient, site, split, label, true_label, label_source, area_mm2, pixels (averaged: area
    means of the teacher's pixels), p_{class} (float64, adding to 1).
    """
    device = prepare_device(gpu)
    network, about = load_model(model)
    network.to(device).eval()
    normalize = Normalizer(about["mean"], about["std"], device)
    regions = in_split(read_regions(index, splits, seed), *which)
    probabilities = torch.zeros(len(regions), len(about["classes"]), dtype=torch.float64)
    progress = Progress("predicting", len(regions))
    for start in range(0, len(regions), _AT_ONCE):
        items = ((read_image(region), start + i) for i, region in enumerate(regions[start : start + _AT_ONCE]))
        for group in same_size(items, megapixels):
            images, rows = zip(*group, strict=True)
            logits, _ = network(normalize(list(images)))
            probabilities[list(rows)] = logits.double().softmax(1).cpu()
        progress.at(min(start + _AT_ONCE, len(regions)))
    columns = {name: pa.array([getattr(region, name) for region in regions], pa.string()) for name in _TEXT}
    columns["area_mm2"] = pa.array([region.area_mm2 for region in regions], pa.float64())
    columns["pixels"] = pa.array(["averaged"] * len(regions), pa.string())
    for i, name in enumerate(about["classes"]):
        columns[f"p_{name}"] = pa.array(probabilities[:, i].numpy())
    with replacing(output) as part:
        pq.write_table(pa.table(columns), part)
    calls = [about["classes"][k] for k in probabilities.argmax(1)]
    right = [call == region.truth for call, region in zip(calls, regions, strict=True) if region.truth]
    share = f", {100 * sum(right) / len(right):.1f} % of the {len(right):,} with a known class right" if right else ""
    say(f"{Path(model).parent}: {count_of(len(regions), 'region')} predicted{share}")
