"""Predictions of a model for every region of the evaluated splits, computed once for all tables and figures."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lowpower.files import replacing
from lowpower.inference.model import open_model
from lowpower.inference.outputs import probabilities_of
from lowpower.log import Progress, say
from lowpower.models.region_sets import in_split, read_regions
from lowpower.models.stored_images import read_pixels, same_size
from lowpower.text import count_of

PIXELS = ("averaged", "level")  # area means of the teacher's pixels; read from the slide's own level
_TEXT = ("region", "slide", "patient", "site", "split", "label", "true_label", "label_source")
_CHUNK = 64  # regions decoded together before they are grouped by size


def predict(
    model: str | Path,
    index: str | Path,
    splits: str | Path,
    seed: int,
    predicted: list[str],
    megapixels: float,
    gpu: bool,
    predictions: str | Path,
    level: str | Path | None = None,
) -> None:
    """Write predictions.parquet: one row per kind of pixels and region of the splits ``predicted``, sorted by both.

    index: for area means. level: for the same regions read from the slide's own level, or None. Columns: region,
    slide, patient, site, split, label, true_label, label_source, area_mm2, pixels (one of ``PIXELS``), p_{class}
    (float64, adding to 1), and of a model trained on bags of regions attention (its score; 0 for equal weights).
    """
    opened = open_model(model, gpu)
    header = opened.header
    indexes = [path for path in (index, level) if path]
    region_groups = [in_split(read_regions(path, splits, seed), *predicted) for path in indexes]
    regions = [region for group in region_groups for region in group]
    probabilities, scores = np.zeros((len(regions), len(header.classes))), np.zeros(len(regions))
    progress = Progress("predicting", len(regions))
    for start in range(0, len(regions), _CHUNK):
        items = ((read_pixels(region), start + i) for i, region in enumerate(regions[start : start + _CHUNK]))
        for group in same_size(items, megapixels):
            images, rows = zip(*group, strict=True)
            outputs = opened.run(images)
            probabilities[list(rows)] = probabilities_of(outputs.logits)
            if outputs.scores is not None:
                scores[list(rows)] = outputs.scores
        progress.at(min(start + _CHUNK, len(regions)))
    columns = {name: pa.array([getattr(region, name) for region in regions], pa.string()) for name in _TEXT}
    columns["area_mm2"] = pa.array([region.area_mm2 for region in regions], pa.float64())
    pixels = [name for name, group in zip(PIXELS, region_groups, strict=False) for _ in group]
    columns["pixels"] = pa.array(pixels, pa.string())
    for i, name in enumerate(header.classes):
        columns[f"p_{name}"] = pa.array(probabilities[:, i])
    if header.bags:
        columns["attention"] = pa.array(scores)
    with replacing(predictions) as part:
        pq.write_table(pa.table(columns), part)
    calls = [header.classes[k] for k in probabilities.argmax(1)]
    called = list(zip(regions, calls, pixels, strict=True))
    for name, group in zip(PIXELS, region_groups, strict=False):
        is_correct = [call == region.truth for region, call, kind in called if kind == name and region.truth]
        known_class = f"{len(is_correct):,} with a known class right"
        share = f", {100 * sum(is_correct) / len(is_correct):.1f} % of the {known_class}" if is_correct else ""
        read = "predicted" if name == "averaged" else "read from the slide's own level and predicted"
        say(f"{Path(model).parent}: {count_of(len(group), 'region')} {read}{share}")
