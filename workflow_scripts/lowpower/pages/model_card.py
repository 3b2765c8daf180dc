"""Model cards, after Mitchell et al. 2019: input, training data, results and limits of a model."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lowpower import magnification
from lowpower.config.split_row import SplitRow
from lowpower.config.study import Study
from lowpower.config.trained_model import Model
from lowpower.files import CsvRow, read_json, read_rows, replacing
from lowpower.hashes import hash_of
from lowpower.log import say
from lowpower.magnification import describe
from lowpower.model_header import ModelHeader, model_header
from lowpower.pages.methods_sentences import TEACHERS, listed, one_row
from lowpower.pages.methods_text import methods
from lowpower.tables.cohort_counts import CohortRow
from lowpower.tables.cohort_table import headline
from lowpower.tables.intake_table import IntakeRow
from lowpower.tables.layout import markdown
from lowpower.text import count_of
from lowpower.typed_values import as_type, typed_rows

_CALIBRATION = {"ece", "calibration_error", "brier", "log_loss"}  # metrics of the reliability of probabilities
_BAGS = {  # of a model trained on bags
    "mean": " The answer for a slide is the softmax of the mean of its regions' logits.",
    "attention": " The answer for a slide is the softmax of the mean of its regions' logits, weighted by the softmax "
    "over these regions of their scores, `network.attention(feature_map.mean((2, 3)))`.",
}
LOADING = """\
# where lowpower is installed: `make .venv` in a copy of it
import numpy as np
import torch
from PIL import Image

from lowpower.models.model_file import load_model
from lowpower.models.pixels import Normalizer

network, header = load_model("model.safetensors")
network.eval()
normalize = Normalizer(header.mean, header.std, torch.device("cpu"))
pixels = np.array(Image.open("region.png").convert("RGB"))
with torch.no_grad():
    logits, _ = network(normalize([torch.from_numpy(pixels).permute(2, 0, 1)]))
print(dict(zip(header.classes, logits.softmax(1)[0].tolist(), strict=True)))
"""


@dataclass(frozen=True)
class FinishedStudy:
    """Inputs of a study's model cards: its config, the scanners of its sheet, and the rows of its tables."""

    study: Study
    scanners: Sequence[str]
    intake: Sequence[IntakeRow]
    cohort: Sequence[CohortRow]
    results: Sequence[CsvRow]
    cost: Sequence[CsvRow]
    splits: Sequence[SplitRow]  # of all seeds


def write_model_cards(
    config: str | Path,
    intake: str | Path,
    cohort: str | Path,
    results: str | Path,
    cost: str | Path,
    splits: Sequence[str | Path],
    files: Sequence[str | Path],
    models: Sequence[Model],
    scanners: Sequence[str],
    cards: Sequence[str | Path],
) -> None:
    """Write one Markdown card for each model.

    config: complete (JSON). intake, cohort, results, cost: tables (CSV). splits: one CSV per seed. files: model files,
    parallel to models. scanners: those in the sheet.
    """
    finished = read_study(config, intake, cohort, results, cost, splits, scanners)
    for file, model, card in zip(files, models, cards, strict=True):
        with replacing(card) as part:
            part.write_text(card_of(finished, Path(file), model), encoding="utf-8")
    say(f"{count_of(len(cards), 'model card')} written")


def read_study(
    config: str | Path,
    intake: str | Path,
    cohort: str | Path,
    results: str | Path,
    cost: str | Path,
    splits: Sequence[str | Path],
    scanners: Sequence[str],
) -> FinishedStudy:
    """Read the files that model cards are made of; arguments as in ``write_model_cards``."""
    return FinishedStudy(
        study=as_type(Study, read_json(config)),
        scanners=sorted(set(scanners) - {""}),
        intake=typed_rows(IntakeRow, read_rows(intake)),
        cohort=typed_rows(CohortRow, read_rows(cohort)),
        results=read_rows(results),
        cost=read_rows(cost),
        splits=typed_rows(SplitRow, (row for path in splits for row in read_rows(path))),
    )


def card_of(finished: FinishedStudy, file: Path, model: Model) -> str:
    """Write the card of one model as Markdown, without any path, host, user, slide or patient."""
    study, about = finished.study, model_header(file)
    alone = {name: row for name, row in study.methods.items() if name == model.method}
    paragraphs = dict(methods(replace(study, methods=alone), finished.intake, finished.cost, file))
    parts = {
        "Input and output": _reads(about, paragraphs["Regions"]),
        "Training": _trained(study, model, paragraphs),
        "Cohort": _cohort(finished, model),
        "Results": _results(finished, model, paragraphs["Evaluation"]),
        "Limits": "\n".join(f"- {limit}" for limit in _limits(finished, model)),
        "File": _file(file, about, finished.cost, model),
        "Loading": f"```python\n{LOADING}```\n\nThe region must be RGB at {describe(about.magnification)}, with "
        "sides that are multiples of 32 px.",
    }
    title = f"# {model.method} at {describe(model.magnification)}, seed {model.seed}, cohort {study.cohort}"
    warning = "> **For research use only.** This model is not a medical device; do not base a diagnosis on it."
    return "\n\n".join([title, warning, *(f"## {heading}\n\n{text}" for heading, text in parts.items())]) + "\n"


def _reads(about: ModelHeader, regions: str) -> str:
    classes = listed([f"`{name}`" for name in about.classes])
    return (
        f"One region of tissue at {describe(about.magnification)}. The output is one probability for each of "
        f"{len(about.classes)} classes, in this order: {classes}.{_BAGS.get(about.bags or '', '')}\n\n{regions}"
    )


def _trained(study: Study, model: Model, paragraphs: dict[str, str]) -> str:
    row = study.methods.get(model.method)
    if row:
        shares = f"{model.labeled} % of the labeled and {model.unlabeled} % of the unlabeled training patients"
        how = f"This model {one_row(row, row.distill)}. It saw {shares}."
    elif study.teacher_choice in TEACHERS:
        start = "started from weights trained elsewhere (File, below) and " if study.teacher_weights else ""
        how = f"This model is the teacher. It {start}was trained on the labels of all labeled training regions."
    else:
        return "This model came from another study. How it was trained, and on which patients, is not recorded here."
    parts = ["Network", *(["Distillation"] if row and row.distill else []), "Augmentation", "Optimization"]
    return "\n\n".join([how, *(paragraphs[part] for part in parts)])


def _cohort(finished: FinishedStudy, model: Model) -> str:
    rows = [row for row in finished.cohort if str(model.seed) in row.seeds.split()]
    sites: dict[str, set[str]] = {}
    for row in finished.splits:
        if row.seed == model.seed and row.site:
            sites.setdefault(row.split, set()).add(row.site)
    named_sites = (
        listed([f"{len(names)} in {split}" for split, names in sites.items()]) if sites else "not named in the sheet"
    )
    vendors = Counter(row.vendor for row in finished.intake if row.is_usable and row.vendor)
    files = listed([f"{vendor} ({count_of(count, 'slide')})" for vendor, count in sorted(vendors.items())])
    scanners = listed(finished.scanners) if finished.scanners else "not named in the sheet"
    shown = [{key: cell for key, cell in row.items() if key != "seeds"} for row in headline(rows)]
    return (
        f"{markdown(shown)}\nSites: {named_sites}. Scanners: {scanners}. Kinds of slide file: {files or 'not known'}."
    )


def rows_of(finished: FinishedStudy, model: Model) -> list[CsvRow]:
    """Rows of results.csv that average over this model and its other seeds."""
    named = {"method": model.method, "magnification": magnification.name_of(model.magnification)}
    named |= {"labeled": str(model.labeled), "unlabeled": str(model.unlabeled)}
    return [row for row in finished.results if all(row[key] == value for key, value in named.items())]


def _metrics(rows: Sequence[CsvRow]) -> list[str]:
    """Names of metrics that have an interval and a value in any of the rows."""
    names = [key for key in (rows[0] if rows else ()) if f"{key}_low" in rows[0] and "_minus_" not in key]
    return [name for name in names if any(row[name] for row in rows)]


def _results(finished: FinishedStudy, model: Model, evaluation: str) -> str:
    rows = rows_of(finished, model)
    if not rows:
        return f"None: no unit with a known true class was predicted. {evaluation}"
    shown = []
    for row in rows:
        cells = {key: row[key] for key in ("per", "split", "pixels", "n", "patients")}
        for name in _metrics(rows):
            low, high = row[f"{name}_low"], row[f"{name}_high"]
            cells[name.replace("_", " ")] = f"{row[name]} ({low} to {high})" if low and high else row[name]
        shown.append(cells)
    seeds = rows[0]["seeds"]
    mean = f"The mean of {seeds} seeds, of which this file is one. " if seeds != "1" else ""
    return f"{markdown(shown)}\n{mean}{evaluation}"


def _limits(finished: FinishedStudy, model: Model) -> list[str]:
    """Limits of the model, each in a sentence."""
    study, rows = finished.study, rows_of(finished, model)
    limits = ["The slides are synthetic: the results do not apply to patients."] if study.demo else []
    limits += [f"Note of the study: {study.note}"] if study.note else []
    if study.report_split == "val":
        limits.append("The results are optimistic: its weights were chosen on the same validation patients.")
    if not any(row["split"] == "external" for row in rows):
        limits.append("It was tested on one cohort only, not on slides of other sites, scanners, stains or countries.")
    if not any(row["pixels"] == "level" for row in rows) and model.method != "teacher":
        limits.append("It was tested only on area means of finer pixels, not on a coarser level that a file stores.")
    if not {*_metrics(rows)} & _CALIBRATION:
        limits.append("The calibration of its probabilities was not measured.")
    if not study.regions_have_labels and study.unit != "annotation":
        limits.append("It was trained on labels of slides; its output for a single region was not tested.")
    closed = "It never saw tissue outside its classes and cannot reject it: it always predicts one of its classes."
    return [*limits, closed]


def _file(file: Path, about: ModelHeader, costs: Sequence[CsvRow], model: Model) -> str:
    rows = {"architecture": about.architecture}
    measured = (model.network, magnification.name_of(model.magnification))
    for cost in costs:
        if (cost["network"], cost["magnification"]) == measured:
            fewer = f"{cost['flops_times_cheaper']} times fewer than the teacher's"
            rows["parameters"] = f"{int(cost['parameters']):,}"
            rows["FLOPs per region"] = f"{int(cost['flops_per_region']):,} ({fewer})"
    if about.start_weights:
        rows["start weights"] = _start_weights(about.start_weights)
    rows["size"] = f"{file.stat().st_size:,} bytes"
    rows["SHA-256"] = f"`{hash_of(file)}`"
    rows["fingerprint of config, data and code"] = f"`{about.fingerprint}`"
    rows["made with"] = listed([f"{name} {version}" for name, version in sorted(about.versions.items())])
    return markdown([{"model.safetensors": key, "": value} for key, value in rows.items()]).rstrip()


def _start_weights(weights: dict[str, str]) -> str:
    """Origin and license of weights trained elsewhere, as far as their file tells, and its hash."""
    origin = f"{weights['source']}; license {weights['license']}" if "source" in weights else "origin not in their file"
    return f"{origin}; SHA-256 of their file `{weights['sha256']}`"
