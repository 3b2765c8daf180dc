"""Ids, classes and paths of any characters: Snakemake takes none for its own, and tables name slides as written."""

import csv
import json
from urllib.parse import unquote

import pytest
import yaml
from page_files import ROOT, Page
from slide_files import draw_tissue, write_slide
from snakemake.io import PeriodicityDetector
from workflow_runs import copy_project, planned, snakemake

from lowpower import files
from lowpower.config.config_file import read_config
from lowpower.config.external_models import check_external_models
from lowpower.errors import InputError

pytestmark = pytest.mark.slow

AWFUL = ["{slide}", "{{", "%s%d", "a*b?[c]", "~x", "$HOME", "back\\slash", "quote\"s'", "-rf", "#1", "😀", "עברית"]
AWFUL += ["10x", "10x.tumor", "10x-level", "all", "CON", "a,b;c", "<b>&amp;", "a/../b", "a%20b", "a b", "=1"]
LONG = [
    f"{'标本' * 16}0",
    f"{'标本' * 16}1",
    f"{'AISESIAUQOOQ' * 20}AISESI",
    "a" * 20,
    "a" * 21,
    f"x{'ab' * 20}",
    "é" * 20,
]
CLASSES = ["{class}", "b [*] %s"]


def write_study(folder, slides, **changes):
    """A copy of the project with a study whose every text is awful; returns where its slides are to be drawn."""
    copy_project(folder)
    shared = {"site": "{site}", "scanner": "{scanner}", "annotation": "{outlines}.geojson", "mine": "{mine}"}
    rows = [
        {"slide": name, "path": f"s {{y}}/{k}.tiff", "patient": f"{{patient}} {k}", "label": CLASSES[k % 2]}
        | {"split": ("train", "val", "test")[k // 2 % 3]}
        | shared
        for k, name in enumerate(slides)
    ]
    with open(folder / "slides {of} mine.csv", "w", newline="", encoding="utf-8") as sheet:
        table = csv.DictWriter(sheet, rows[0])
        table.writeheader()
        table.writerows(rows)
    study = yaml.safe_load((folder / "configs/smoke.yaml").read_text(encoding="utf-8"))
    study |= {"cohort": "awful", "slides": "slides {of} mine.csv", "classes": CLASSES, "positive_class": CLASSES[0]}
    study |= {"note": "{note} %s", "tissue": {"min_area_um2": 1000}, "unit": "tissue", "demo": None} | changes
    study = {key: value for key, value in study.items() if value is not None}
    (folder / "my {config}.yaml").write_text(yaml.safe_dump(study, allow_unicode=True), encoding="utf-8")
    return [row["path"] for row in rows]


def test_text_of_sheet_and_config_never_reaches_snakemake_as_a_pattern(tmp_path):
    ids = AWFUL + LONG
    write_study(tmp_path, ids, ids="pseudonym", unit="annotation")
    jobs = planned(tmp_path, "all", "plan", "verify", "intake", "--configfile", "my {config}.yaml")
    assert jobs["check_slide"] == jobs["downsample_slide"] == len(ids)
    assert jobs["plan"] == jobs["verify"] == jobs["record_provenance"] == 1


def test_slides_with_awful_ids_are_cut_and_shown_as_they_are_called(tmp_path):
    ids = ["10x.{slide}*?[a]", "a/../b %s $HOME quote\"s'", LONG[0], LONG[2]]
    for k, path in enumerate(write_study(tmp_path, ids)):
        write_slide(tmp_path / path, draw_tissue(256 + 16 * k, 384, [(20, 40, 220, 300)]))
    snakemake(tmp_path, "intake", "--cores", 2, "--configfile", "my {config}.yaml")
    out = tmp_path / "results/awful"
    intake = files.read_rows(out / "tables/intake.csv")
    assert {row["slide"]: row["state"] for row in intake} == dict.fromkeys(ids, "usable")
    for slide in ids:
        name = files.safe_name(slide)
        assert files.read_json(out / f"slides/{name}.json")["slide"] == slide
        regions = [row["region"] for row in files.read_rows(out / f"regions/{name}.csv")]
        assert regions == [f"{name}_00000"] and (out / f"regions/10x/{name}.zip").is_file()
        assert json.loads((out / f"regions/{name}.geojson").read_text(encoding="utf-8"))["features"]
    shown = Page((out / "intake.html").read_text(encoding="utf-8"))
    assert all(slide in shown.words for slide in ids)
    assert {unquote(link) for link in shown.links()} >= {f"slides/{files.safe_name(slide)}.json" for slide in ids}


def test_names_that_work_are_kept_and_others_are_cut_without_colliding():
    kept = ["S001", "TCGA-44-2665-01Z-00-DX1.2d4b1", "a" * 19, "A1" * 19, "x" * 20 + "y", f"{int('7' * 9) ** 27}"[:241]]
    assert [files.safe_name(name) for name in kept] == kept and len(kept[-1]) == 241
    assert files.safe_name("标" * 19) == "%E6%A0%87" * 19
    ids = [*AWFUL, ".", "..", *LONG, *(f"{'标' * 200}{k}" for k in range(500)), *("ab" * k for k in range(1, 300))]
    names = [files.safe_name(name) for name in ids]
    assert len({name.lower() for name in names}) == len(ids)
    assert all(len(f".{name}.geojson.part") <= 255 and "/" not in name for name in names)
    assert not any(PeriodicityDetector().is_periodic(name) for name in names)
    assert files.safe_name(LONG[3]) == "aaaaaaaaaaaaaaaaaa~42492da06234ad0ac76f"


def test_a_path_that_no_file_can_have_is_that_of_no_file():
    path = f"{'x' * 300}.safetensors"
    raw = yaml.safe_load((ROOT / "configs/smoke.yaml").read_text(encoding="utf-8"))
    elsewhere = {"network": "resnet18", "init": path, "finetune": {"images": "labeled"}}
    for changes in ({"teacher": path}, {"methods": {"elsewhere": elsewhere}}):
        with pytest.raises(InputError, match="there is no file"):
            check_external_models(read_config(raw | changes, ROOT / "schemas/config.schema.yaml"))


@pytest.mark.parametrize("name", ["a" * 20, f"kd{'_ab' * 20}"])
def test_a_method_that_snakemake_would_take_for_an_endless_loop_has_no_valid_name(name):
    raw = yaml.safe_load((ROOT / "configs/smoke.yaml").read_text(encoding="utf-8"))
    row = {"finetune": {"images": "labeled"}}
    with pytest.raises(InputError, match="not ending in 20 repetitions"):
        read_config(raw | {"methods": {name: row}}, ROOT / "schemas/config.schema.yaml")
    assert read_config(raw | {"methods": {f"{name}_x": row}}, ROOT / "schemas/config.schema.yaml")


def test_the_cases_run(shared, tmp_path):
    copy_project(tmp_path)
    for name in ("sheet_braces", "sheet_long_ids"):
        rows = (shared / f"cases/{name}.csv").read_text(encoding="utf-8").replace(",0,25", ",0.25").splitlines()
        (tmp_path / "slides.csv").write_text("\n".join(rows), encoding="utf-8")
        study = (shared / f"cases/{name}.yaml").read_text(encoding="utf-8")  # of 0.1.0
        (tmp_path / "study.yaml").write_text(study.replace("colour:", "color_baseline:"), encoding="utf-8")
        jobs = planned(tmp_path, "all", "--configfile", "study.yaml")
        assert jobs["check_slide"] == len(rows) - 1 and jobs["record_provenance"] == 1
