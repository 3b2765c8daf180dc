"""Rule, script and function of a step have the same names, and a script runs alone from a shell."""

import ast
import inspect
import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, get_origin, get_type_hints

import pytest
from project_paths import ROOT
from seed_studies import finished_study
from slide_files import GRID
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, ResourceSettings

from lowpower import job_start
from lowpower.config.code_hash import modules_of
from lowpower.errors import InputError
from lowpower.slides.phantom import PhantomSettings, make_slide
from lowpower.slides.region_plan import TilingSettings
from lowpower.slides.slide_check import check_slide
from lowpower.slides.tiling import tile_slide
from lowpower.slides.tissue import TissueSettings, mask_tissue
from lowpower.step_arguments import LEFT_OUT, arguments_of, is_left_out, read_command_line
from lowpower.tables.seed_figures import write_ranges
from lowpower.typed_values import as_type

SCRIPTS = sorted((ROOT / "workflow_scripts").glob("*.py"))
CLASSES = ["palisade_regular", "palisade_atypical", "sheet_regular", "sheet_atypical"]


def step_of(script):
    """The function that a script calls."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job_start, "run_step", lambda step, snakemake: found.append(step))
        runpy.run_path(str(script))
    return found[0]


def rules_of(folder, **config):
    """The rules of the smoke preset with these changes, by name. folder: the working folder."""
    (folder / "data/smoke").mkdir(parents=True)
    shutil.copy(ROOT / "data/smoke/slides.csv", folder / "data/smoke")
    with pytest.MonkeyPatch.context() as patch, SnakemakeApi() as api:
        patch.chdir(folder)
        patch.setattr(sys, "executable", sys.executable)  # which the rules quote
        patch.setattr(sys, "path", list(sys.path))
        settings = ConfigSettings(config=config, configfiles=[ROOT / "configs/smoke.yaml"])
        workflow = api.workflow(ResourceSettings(cores=1), config_settings=settings, snakefile=ROOT / "Snakefile")
        return {rule.name: rule for rule in workflow._workflow.rules if rule.script}


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """Every rule of the workflow: those of the smoke preset, and those of a study with the teacher of another one."""
    model = tmp_path_factory.mktemp("model") / "model.safetensors"
    about = {"architecture": "resnet10", "magnification": 10, "classes": CLASSES}
    header = json.dumps({"__metadata__": {"lowpower": json.dumps(about)}}).encode()
    model.write_bytes(len(header).to_bytes(8, "little") + header)
    adopted = rules_of(tmp_path_factory.mktemp("adopted"), teacher=str(model))
    return rules_of(tmp_path_factory.mktemp("own")) | {"adopt_teacher": adopted["adopt_teacher"]}


def test_every_script_has_a_rule_of_its_name(rules):
    scripts = {rule.name: Path(rule.script).name for rule in rules.values()}
    assert scripts == {script.stem: script.name for script in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_rule_has_the_names_of_its_function(rules, script):
    rule, step = rules[script.stem], step_of(script)
    for files in (rule.input, rule.output):
        assert sum(1 if end is None else end - start for start, end in files._names.values()) == len(files), (
            "a file without a name"
        )
    named = [*rule.input.keys(), *rule.output.keys(), *rule.params.keys()]
    parameters = inspect.signature(step).parameters
    assert sorted(name for name in named if name in parameters or not is_left_out(name)) == sorted(parameters)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_list_of_files_goes_to_a_parameter_that_takes_a_list(rules, script):
    hints = get_type_hints(step_of(script))
    for files in (rules[script.stem].input, rules[script.stem].output):
        for name, (start, end) in files._names.items():
            if name not in hints or start == end or (end is None and callable(files[start])):
                continue  # a function of wildcards, or [], may stand for either
            kinds = [get_origin(kind) for kind in (hints[name], *get_args(hints[name]))]
            assert (Sequence in kinds or list in kinds) == (end is not None), name


def test_expected_figures_are_read_by_tables_and_report_and_are_no_file_of_the_study(tmp_path):
    finished_study(tmp_path / "earlier")
    write_ranges(tmp_path / "earlier", tmp_path / "figures.json")
    study = rules_of(tmp_path, expected=str(tmp_path / "figures.json"))
    assert [name for name, rule in study.items() if str(tmp_path / "figures.json") in map(str, rule.input)] == [
        "evaluate",
        "write_report",
    ]
    differing = study["evaluate"].params.differing({})
    assert differing == study["write_report"].params.differing({})
    assert differing == [f"`classes` (a|b, c there, {', '.join(CLASSES)} here)"]


def test_no_name_is_left_out_in_vain(rules):
    named = {name for rule in rules.values() for part in (rule.input, rule.output, rule.params) for name in part.keys()}
    assert LEFT_OUT.keys() <= named


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_is_at_most_five_lines_and_its_hash_covers_its_function(script):
    text = script.read_text()
    assert len([line for line in text.splitlines() if line]) <= 5
    assert isinstance(ast.parse(text).body[0], ast.Expr), "no docstring"
    modules = modules_of(script)
    assert Path(inspect.getfile(inspect.unwrap(step_of(script)))) in modules
    assert ROOT / "workflow_scripts/lowpower/step_arguments.py" in modules


@dataclass(frozen=True)
class Inner:
    sizes: tuple[int, ...]
    name: str | None = None


@dataclass(frozen=True)
class Outer:
    inner: Inner
    more: list[Inner]
    by_count: dict[int, Inner]


def test_dicts_become_dataclasses_at_any_depth():
    one = {"sizes": [1, 2]}
    assert as_type(Outer, {"inner": one | {"name": "a"}, "more": [one], "by_count": {"3": one}}) == Outer(
        Inner((1, 2), "a"), [Inner((1, 2))], {3: Inner((1, 2))}
    )
    assert as_type(Inner | None, one) == Inner((1, 2))
    assert (
        as_type(dict, {3: one}) == {3: one} and as_type(str | Path, "a") == "a" and as_type(list[dict], [one]) == [one]
    )
    with pytest.raises(InputError, match=r"Inner has no field 'nam'; it has sizes, name"):
        as_type(Outer, {"inner": {"sizes": [], "nam": "a"}})


def step(inputs: Sequence[str | Path], names: str | Path | None, count: int, gpu: bool, level: str | None = None):
    """Do nothing."""


def test_names_become_arguments_and_what_is_absent_becomes_none():
    known = {"inputs": ["a"], "names": [], "count": 2, "gpu": False}
    assert arguments_of(step, known | {"code": "1", "sheet_stamp": [1, 2]}) == known | {"names": None}
    assert arguments_of(step, known | {"inputs": [], "level": "b"}) == known | {
        "inputs": [], "names": None, "level": "b"
    }  # fmt: skip
    with pytest.raises(InputError, match="step has no parameter 'names_file'; it takes inputs, names, count"):
        arguments_of(step, known | {"names_file": "a"})
    with pytest.raises(InputError, match="step needs --count"):
        arguments_of(step, {"inputs": [], "gpu": True})


def test_options_are_read_by_their_types(tmp_path, capsys):
    words = ["--inputs", "a", "b", "--count", "3", "--no-gpu"]
    expected = {"inputs": ["a", "b"], "names": None, "count": 3, "gpu": False}
    assert read_command_line(step, words) == expected
    (tmp_path / "a.json").write_text(json.dumps({"count": 4, "gpu": True, "names": "n", "code": "1"}))
    assert read_command_line(step, [*words, "--arguments", str(tmp_path / "a.json")]) == expected | {"names": "n"}
    with pytest.raises(SystemExit):
        read_command_line(step, ["--count", "three"])
    assert "argument --count: 'three' is not JSON" in capsys.readouterr().err


def run_alone(folder, script, *words):
    """Run a script from a shell."""
    command = [sys.executable, ROOT / f"workflow_scripts/{script}.py", *map(str, words)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.slow
def test_scripts_run_alone_and_do_what_their_functions_do(tmp_path):
    folder = tmp_path / "shell"
    folder.mkdir()
    drawing, tissue = PhantomSettings(pieces=2, piece_px=128), TissueSettings(min_area_um2=1000)
    settings = {
        "magnification": 10, "multiple": 64, "unit": "tissue", "grid": GRID,
        "max_side_um": 0, "min_area_um2": 1000, "jpeg_quality": 95,
    }  # fmt: skip
    drawn = json.dumps({"pieces": 2, "piece_px": 128})
    for run in (
        run_alone(folder, "make_demo_slide", "--path", "s.tiff", "--slide", "s", "--label", CLASSES[0],
                  "--fault", "", "--settings", drawn),
        run_alone(folder, "check_slide", "--slide", "s", "--path", "s.tiff", "--exclude", "", "--state", "check.json"),
        run_alone(folder, "mask_tissue", "--check", "check.json", "--path", "s.tiff", "--own-mask", "", "--mask-mpp", 8,
                  "--settings", '{"min_area_um2": 1000}', "--mask", "mask.png", "--state", "mask.json"),
        run_alone(folder, "tile_slide", "--check", "check.json", "--mask", "mask.png", "--mask-state", "mask.json",
                  "--path", "s.tiff", "--annotation", "", "--settings", json.dumps(settings), "--regions", "r.csv",
                  "--outlines", "r.geojson", "--images", "r.zip", "--state", "tile.json", "--overview", "o.jpg"),
    ):  # fmt: skip
        assert run.returncode == 0, run.stderr
    assert "regions at 10x" in run.stderr
    own = tmp_path / "own"
    own.mkdir()
    slide, check, mask = str(own / "s.tiff"), own / "check.json", (own / "mask.png", own / "mask.json")
    make_slide(slide, slide="s", label=CLASSES[0], fault="", settings=drawing)
    check_slide("s", path=slide, mpp=None, exclude="", state=check)
    mask_tissue(check, slide, "", 8, tissue, *mask)
    outputs = [own / name for name in ("r.csv", "r.geojson", "r.zip", "tile.json", "o.jpg")]
    tile_slide(check, *mask, slide, "", as_type(TilingSettings, settings), *outputs)
    assert [path.name for path in sorted(folder.iterdir())] == [path.name for path in sorted(own.iterdir())]
    for path in own.iterdir():
        assert (folder / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.slow
def test_a_script_alone_shows_its_options_and_names_what_is_wrong(tmp_path):
    text = run_alone(tmp_path, "tile_slide", "--help").stdout
    assert "--mask-state FILE" in text and "TilingSettings with" in text and "magnification, multiple, unit" in text
    run = run_alone(tmp_path, "tile_slide", "--check", "check.json")
    assert (run.returncode, run.stderr) == (1, "lowpower: tile_slide needs --mask; see --help\n")
    words = ["--path", "s.tiff", "--slide", "s", "--label", CLASSES[0], "--fault", ""]
    run = run_alone(tmp_path, "make_demo_slide", *words, "--settings", '{"piecs": 2}')
    assert run.stderr.startswith("lowpower: PhantomSettings has no field 'piecs'; it has seed, pieces, piece_px")
