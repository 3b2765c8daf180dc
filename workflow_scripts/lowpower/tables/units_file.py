"""Units of all models in one file, units.parquet.

A row is a unit of one kind with its truth. Each model and class has a column of probabilities (``{folder} p_{class}``),
null where the model has no prediction. A row group holds units of one kind that the same models predicted, so a reader
loads only the splits and models that it needs. JSON in the file's metadata records the ``kind`` and ``models`` of each
row group and, for each model, its ``pixels``, the ``ways`` in which regions became its units, and the ``patients`` of
each split that it predicted, including those without a known class.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lowpower.evaluation.units import PER, Judged, Units
from lowpower.files import replacing

KINDS = ("per", "split", "pixels")
_KEY = b"lowpower"
_FACTS = {"unit": "ids", "patient": "patients", "site": "sites", "truth": "truth", "regions": "regions"}
_TYPES = {"regions": pa.int64()}  # of columns that are not text


def write_judged(
    path: str | Path,
    judged: Sequence[Judged],
    folders: Sequence[str],
    frames: Sequence[pd.DataFrame],
    classes: Sequence[str],
) -> None:
    """Write the units of the models in these folders. frames: their predictions, parallel to folders."""
    blocks = list(_blocks(judged))
    about = {
        "classes": list(classes),
        "kinds": [one.kind for one in judged],
        "blocks": [{"kind": kind, "models": [folders[i] for i in members]} for kind, members in blocks],
        **_asked(judged, folders, frames),
    }
    facts = [(name, _TYPES.get(name, pa.string())) for name in (*KINDS, *_FACTS)]
    scores = [(_column(folder, name), pa.float64()) for folder in folders for name in classes]
    schema = pa.schema([*facts, *scores], {_KEY: json.dumps(about, sort_keys=True)})
    kinds = {_place(one.kind): one for one in judged}
    with replacing(path) as part, pq.ParquetWriter(part, schema) as out:
        for kind, members in blocks:
            of_models = kinds[_place(kind)].of_models
            rows = _rows(kind, {folders[i]: of_models[i] for i in members}, classes, schema)
            out.write_table(rows, row_group_size=len(rows))


def _blocks(judged: Sequence[Judged]) -> Iterator[tuple[dict[str, str], list[int]]]:
    """Kind of each row group and positions of its models, which share ids and truth of their units."""
    for one in judged:
        alike: dict[int, list[int]] = {}
        for i, units in enumerate(one.of_models):
            if units and units.ids:
                alike.setdefault(id(units.ids), []).append(i)
        yield from ((one.kind, members) for members in alike.values())


def _rows(kind: dict[str, str], of_models: dict[str, Units], classes: Sequence[str], schema: pa.Schema) -> pa.Table:
    first = next(iter(of_models.values()))
    facts = {name: getattr(first, source) for name, source in _FACTS.items()}
    columns = {name: [kind[name]] * len(first.ids) for name in KINDS} | facts
    columns["truth"] = [classes[k] for k in first.truth]
    for folder, units in of_models.items():
        columns |= {_column(folder, name): units.probabilities[:, c] for c, name in enumerate(classes)}
    nothing = pa.nulls(len(first.ids), pa.float64())
    return pa.table([pa.array(columns[f.name], f.type) if f.name in columns else nothing for f in schema], schema)


def _place(kind: dict[str, str]) -> tuple[str, ...]:
    return tuple(kind[key] for key in KINDS)


def _column(folder: str, name: str) -> str:
    return f"{folder} p_{name}"


def _asked(judged: Sequence[Judged], folders: Sequence[str], frames: Sequence[pd.DataFrame]) -> dict:
    """Metadata of each model; models that predicted the same patients share one list of them."""
    lists: dict[tuple[str, ...], int] = {}
    models = {}
    for i, (folder, frame) in enumerate(zip(folders, frames, strict=True)):
        by_split = {split: tuple(sorted(own.unique())) for split, own in frame.groupby("split")["patient"]}
        ways: dict[str, dict[str, str]] = {per: {} for per in PER}
        for one in judged:
            if one.of_models[i]:
                ways[one.kind["per"]][one.kind["pixels"]] = one.of_models[i].way
        models[folder] = {
            "pixels": sorted(frame["pixels"].unique()),
            "patients": {split: lists.setdefault(patients, len(lists)) for split, patients in by_split.items()},
            "ways": ways,
        }
    return {"models": models, "patients": [list(patients) for patients in lists]}


def read_judged(units: str | Path, folders: Sequence[str], splits: Sequence[str]) -> list[Judged]:
    """Read the units of the models in ``folders``, by split of ``splits``, the headline first, as from ``judge``.

    units: units.parquet, which holds these models and splits among others.
    """
    with pq.ParquetFile(units) as file:
        about = json.loads(file.schema_arrow.metadata[_KEY])
        stored: dict[tuple, Units] = {}
        for k, block in enumerate(about["blocks"]):
            members = [i for i, folder in enumerate(folders) if folder in block["models"]]
            if members and block["kind"]["split"] in {"val", *splits}:
                for i, own in zip(members, _read(file, k, [folders[i] for i in members], about), strict=True):
                    stored[*_place(block["kind"]), i] = own

    def units_of(per: str, split: str, pixels: str, i: int) -> Units | None:
        model = about["models"][folders[i]]
        if pixels != "averaged" and pixels not in model["pixels"]:
            return None
        nothing = np.zeros((0, len(about["classes"])))
        way = model["ways"][per].get(pixels, "")
        own = stored.get((per, split, pixels, i))
        return own or Units([], [], np.zeros(0, int), nothing, [], [], way)

    judged = []
    for kind in (kind for kind in about["kinds"] if kind["split"] in splits):
        per, split, pixels = _place(kind)
        of_models = [units_of(per, split, pixels, i) for i in range(len(folders))]
        if any(one and one.ids for one in of_models):
            own = (about["models"][folder]["patients"].get(split) for folder in folders)
            patients = sorted({p for k in {*own} - {None} for p in about["patients"][k]})
            validation = [units_of(per, "val", pixels, i) for i in range(len(folders))]
            judged.append(Judged({key: kind[key] for key in KINDS}, patients, of_models, validation))
    return judged


def _read(file: pq.ParquetFile, block: int, folders: Sequence[str], about: dict) -> Iterator[Units]:
    """Units of a row group for each of the models, which share ids and truth."""
    classes = about["classes"]
    wanted = [_column(folder, name) for folder in folders for name in classes]
    table = file.read_row_group(block, [*KINDS, *_FACTS, *wanted])
    facts = {source: table[name].to_pylist() for name, source in _FACTS.items()}
    kind = about["blocks"][block]["kind"]
    facts["truth"] = np.array([classes.index(name) for name in facts["truth"]], int)
    for folder in folders:
        scores = np.column_stack([table[_column(folder, name)].to_numpy() for name in classes])
        way = about["models"][folder]["ways"][kind["per"]][kind["pixels"]]
        yield Units(**facts, probabilities=scores, way=way)
