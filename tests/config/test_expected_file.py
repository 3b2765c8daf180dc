"""Which settings decide whether expected figures apply to a study."""

import json

import pytest
from project_paths import CONFIG_SCHEMA
from seed_studies import SHEET, finished_study, study_of

from lowpower.config.expected_differences import expected_differences
from lowpower.config.expected_file import read_expected
from lowpower.errors import InputError
from lowpower.tables.seed_figures import write_ranges


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_ranges(finished_study(folder / "own"), folder / "figures.json")
    return folder / "figures.json"


def differences(expected, **changes):
    return expected_differences(study_of([5], expected=str(expected), **changes), CONFIG_SCHEMA)


def test_nothing_differs_between_runs_with_other_seeds_names_and_intervals(expected):
    assert expected_differences(study_of(), CONFIG_SCHEMA) == []
    changes = {"cohort": "mine", "note": "Mine.", "statistics": {"draws": 200}, "gpu": True, "unlabeled": [50, 100]}
    training = {"steps": 6, "batch": 4, "evaluate_every": 3}
    assert differences(expected, **changes, training=training | {"processes": 2, "memory_mb": 9}) == []
    assert differences(expected, methods={"sskd": None, "all_labels": None}) == []  # a row of one study only


def test_what_decides_figures_is_named_with_both_values(expected):
    training = {"steps": 9, "batch": 4, "evaluate_every": 3}
    assert differences(expected, training=training) == ["`training.steps` (6 there, 9 here)"]
    demo = {"pieces": 4, "piece_px": 128, "contrast": 0.5}
    assert differences(expected, demo=demo) == ["`demo.contrast` (1.0 there, 0.5 here)"]
    methods = {"sskd": {"distill": {"images": "labeled"}}}
    assert differences(expected, methods=methods) == ["`methods.sskd.distill.images` (all there, labeled here)"]


def test_another_sheet_is_another_study(expected, tmp_path):
    (tmp_path / "slides.csv").write_bytes(SHEET.read_bytes())
    assert differences(expected, slides=str(tmp_path / "slides.csv")) == []
    (tmp_path / "slides.csv").write_bytes(SHEET.read_bytes() + b"\n")
    assert differences(expected, slides=str(tmp_path / "slides.csv")) == ["the sheet of slides"]


def test_a_key_of_a_later_release_has_its_default_in_an_older_file(expected, tmp_path):
    content = json.loads(expected.read_text())
    del content["config"]["views"], content["config"]["training"]["precision"]
    (tmp_path / "older.json").write_text(json.dumps(content))
    assert differences(tmp_path / "older.json", views=4) == []
    assert differences(tmp_path / "older.json") == ["`views` (4 there, 2 here)"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": [{"method": "sskd"}]}, "missing"),
        ({"rows": 3}, "not iterable"),
        ({"config": {}}, "seeds"),
        ({"more": 1}, "Expected has no field 'more'"),
    ],
)
def test_a_file_of_another_form_is_told_from_ours(expected, tmp_path, change, said):
    (tmp_path / "wrong.json").write_text(json.dumps(json.loads(expected.read_text()) | change))
    with pytest.raises(InputError, match=f"wrong.json is not a file that `lowpower ranges` wrote .*{said}"):
        read_expected(tmp_path / "wrong.json")


def test_each_seed_has_a_figure(expected, tmp_path):
    content = json.loads(expected.read_text())
    content["rows"][0]["figures"]["accuracy"] = "0.5000 0.6250"
    (tmp_path / "short.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match="accuracy of teacher has 2 figures for 3 seeds"):
        read_expected(tmp_path / "short.json")
