"""What is judged, once for all tables: the file of units gives back what was judged of the predictions themselves."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from prediction_frames import BOTH, CLASSES, JUDGING, STUDY, model, predictions, with_validation
from unit_files import write_units

from lowpower import files
from lowpower.errors import InputError
from lowpower.evaluation.aggregation import Aggregation
from lowpower.evaluation.units import Units
from lowpower.tables.unit_judging import judge
from lowpower.tables.units_file import read_judged


def same(one, other):
    """Whether two lists of what is judged are equal to the last bit, and laid out alike in memory."""

    def plain(units):
        if units is None:
            return None
        found = {field.name: getattr(units, field.name) for field in fields(Units)}
        arrays = {name: found.pop(name) for name in ("truth", "probabilities")}
        return {k: list(v) if k != "way" else v for k, v in found.items()} | {
            name: (x.tobytes(), x.shape, x.dtype, x.flags.c_contiguous) for name, x in arrays.items()
        }

    def told(judged):
        return [
            (list(j.kind.items()), j.patients, [plain(u) for u in j.of_models], [plain(u) for u in j.validation])
            for j in judged
        ]

    return told(one) == told(other)


def folds():
    """Seeds that test other patients, with patients nobody knows the class of, and a model that reads no level."""
    frames = [with_validation(frame, 6) for _, frame in BOTH]
    kept = [frame[~frame["patient"].isin(drop)] for frame, drop in zip(frames, (["p7"], [], ["p1"]), strict=False)]
    hidden = frames[3].assign(label=frames[3]["label"].where(frames[3]["patient"] != "p2", ""))
    rng = np.random.default_rng(0)
    for frame in (*kept, hidden):
        frame["p_c"] = rng.random(len(frame))
        frame["p_a|b"] = 1 - frame["p_c"]
    return [(about, frame) for (about, _), frame in zip(BOTH, (*kept, hidden), strict=False)]


STUDIES = {
    "one": STUDY, "levels": BOTH, "folds": folds(), "nothing": [(about, frame[:0]) for about, frame in STUDY],
    "validation": [(about, with_validation(frame, 6)) for about, frame in STUDY],
    "external": [(about, pd.concat([frame, frame.assign(split="external")])) for about, frame in STUDY[:2]],
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("way", ["mean", "validation"])
@pytest.mark.parametrize("name", STUDIES)
def test_the_file_gives_back_what_is_judged_of_any_models_and_splits(tmp_path, name, way):
    study, together = STUDIES[name], Aggregation(way, 2)
    judging = JUDGING | {"aggregation": Aggregation(way, 2)}
    units, models = write_units(tmp_path, study=study, judging=judging, splits=("test", "external"))
    for chosen in (range(len(study)), [1], [len(study) - 1, 0]):
        frames, folders = [study[i][1] for i in chosen], [models[i].folder for i in chosen]
        for splits in (["test"], ["val", "test", "external"], ["val"]):
            assert same(
                read_judged(units, folders, splits),
                judge(frames, CLASSES, regions_have_labels=True, splits=splits, aggregation=together),
            )


@pytest.mark.slow
def test_the_file_has_the_same_bytes_twice_and_a_row_for_each_unit(tmp_path):
    first = write_units(tmp_path, STUDIES["folds"], JUDGING)[0].read_bytes()
    assert write_units(tmp_path, STUDIES["folds"], JUDGING)[0].read_bytes() == first
    units, models = write_units(tmp_path, STUDY, JUDGING)
    table = pq.read_table(units).to_pandas()
    assert list(table.columns[:8]) == ["per", "split", "pixels", "unit", "patient", "site", "truth", "regions"]
    assert table.groupby("per", sort=False).size().to_dict() == {"patient": 8, "slide": 8, "region": 24}
    assert table.columns[8:].tolist() == [f"{model.folder} p_{name}" for model in models for name in CLASSES]


def test_a_leak_and_bad_probabilities_stop_before_anything_is_written(tmp_path):
    rows = [{"seed": 1, "slide": "s3", "patient": "p3", "split": "train"}]
    files.write_rows(tmp_path / "splits.csv", list(rows[0]), rows)
    divisions = [tmp_path / "splits.csv"]
    write_units(tmp_path, STUDY[:1], JUDGING, divisions=divisions)  # another seed trains on the patient
    (tmp_path / "units.parquet").unlink()
    with pytest.raises(InputError, match=r"patient 'p3' is evaluated \(test\) but is in train of seed 1"):
        write_units(tmp_path, [STUDY[0], (model("sskd", seed=1), predictions(6))], JUDGING, divisions=divisions)
    with pytest.raises(InputError, match="which add to"):
        write_units(tmp_path, [(model("sskd"), predictions(6).assign(p_c=0.5))], JUDGING)
    assert not (tmp_path / "units.parquet").exists()


def scored(right, focal="_0"):
    """Predictions of a model trained on bags, whose scores single out one region of each patient."""
    frame = pd.concat([predictions(right), predictions(right, split="val")], ignore_index=True)
    at_focus = frame["region"].str.endswith(focal)
    frame["p_a|b"] = np.where(at_focus, frame["p_a|b"], 1 - frame["p_a|b"] * 0.9 - 0.05)  # the others say the opposite
    frame["p_c"] = 1 - frame["p_a|b"]
    return frame.assign(attention=np.where(at_focus, 4.0, -4.0))


def test_validation_may_choose_attention_for_a_model_that_has_it():
    study = [scored(8), scored(8).drop(columns="attention")]
    judged = judge(study, CLASSES, regions_have_labels=False, splits=["test"], aggregation=Aggregation("validation", 2))
    ways = {one.kind["per"]: [units.way for units in one.of_models] for one in judged}
    assert ways == {per: ["attention", "max"] for per in ("patient", "slide")}
    (bagged, _), truth = judged[0].of_models, judged[0].of_models[0].truth
    weights = np.array([np.exp(8.0), 1, 1]) / (np.exp(8.0) + 2)  # of the region in focus and the two others
    focus, other = (frame[["p_a|b", "p_c"]].iloc[0].to_numpy() for frame in (study[0], study[0][1:]))
    answer = np.exp(weights[0] * np.log(focus) + (1 - weights[0]) * np.log(other))
    assert bagged.probabilities[0] == pytest.approx(answer / answer.sum(), rel=1e-12)
    assert (bagged.probabilities.argmax(1) == truth).all()


def test_attention_asks_for_scores_and_they_must_be_finite(tmp_path):
    judging = JUDGING | {"aggregation": Aggregation("attention")}
    with_scores = (STUDY[0][0], scored(8))
    write_units(tmp_path, [with_scores], judging)
    (tmp_path / "units.parquet").unlink()
    with pytest.raises(
        InputError, match=r"has no column attention \(1 model without\): .*write `aggregation: validation`"
    ):
        write_units(tmp_path, [with_scores, STUDY[1]], judging)
    broken = scored(8)
    broken.loc[2, "attention"] = np.nan
    with pytest.raises(InputError, match="the column attention is not finite for region s0_2; delete the file"):
        write_units(tmp_path, [(STUDY[0][0], broken)], JUDGING)
    assert not (tmp_path / "units.parquet").exists()


def test_models_with_and_without_scores_share_the_columns_of_their_regions(tmp_path):
    """And a study with scores, aggregated otherwise, is judged as one without."""
    frames = [scored(8), scored(5)]
    plain = [frame.drop(columns="attention") for frame in frames]
    for each, name in ((frames, "a"), (plain, "b")):
        (tmp_path / name).mkdir()
        write_units(tmp_path / name, [(about, frame) for (about, _), frame in zip(STUDY, each, strict=False)], JUDGING)
    assert (tmp_path / "a/units.parquet").read_bytes() == (tmp_path / "b/units.parquet").read_bytes()
