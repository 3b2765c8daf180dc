"""The command `lowpower`, as it is installed and as its subcommands answer."""

import os
import subprocess
import sys

import pytest
import yaml
from project_paths import BIN, ROOT
from seed_studies import finished_study
from snakemake.utils import update_config
from workflow_runs import SMOKE, copy_project, snakemake

import lowpower
from lowpower import command
from lowpower.command import main
from lowpower.config.config_file import read_files


def fails(*arguments):
    """The message with which the command ends; Python prints it on stderr, with exit status 1."""
    with pytest.raises(SystemExit) as end:
        main([str(argument) for argument in arguments])
    assert isinstance(end.value.code, str) and end.value.code.startswith("lowpower: ")
    return end.value.code.removeprefix("lowpower: ")


def test_the_environment_has_the_command_and_this_library(tmp_path):
    run = subprocess.run([BIN / "lowpower", "--version"], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == f"lowpower {lowpower.__version__}\n", run.stderr
    code = "import lowpower; print(lowpower.__file__)"
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout == f"{ROOT / 'workflow_scripts/lowpower/__init__.py'}\n", run.stderr


def test_no_script_of_a_rule_can_be_imported_by_its_name(tmp_path):
    run = subprocess.run([sys.executable, "-c", "import plan"], cwd=tmp_path, capture_output=True, text=True)
    assert "No module named 'plan'" in run.stderr


@pytest.mark.slow
def test_the_jobs_of_a_copy_run_its_own_library(tmp_path):
    folder = copy_project(tmp_path)
    with open(folder / "workflow_scripts/lowpower/files.py", "a", encoding="utf-8") as module:
        module.write(
            "\n\ndef write_json(path: str, content: object) -> None:\n    Path(path).write_text('of the copy')\n"
        )
    snakemake(folder, "results/smoke/config.json", "--cores", 1, "--configfile", SMOKE)
    assert (folder / "results/smoke/config.json").read_text() == "of the copy"


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], "lowpower check --configfile my.yaml"),
        (["--help"], "Draft a sheet with one row per slide"),
        (["sheet", "--help"], "lowpower sheet data/own my_sheet.csv"),
        (["weights", "--help"], "lowpower weights tf_efficientnet_lite0 data/tf_efficientnet_lite0.safetensors"),
        (["check", "--help"], "lowpower check --configfile my.yaml site.yaml"),
        (["export", "--help"], "lowpower export packages/best --out exported --wsinfer"),
        (["ranges", "--help"], "lowpower ranges results/own configs/expected.json"),
        (["plan", "--help"], "Runs `snakemake plan`"),
        (["verify", "--help"], "Runs `snakemake verify`"),
    ],
)
def test_help_shows_examples(arguments, shown, capsys):
    try:
        main(arguments)
    except SystemExit as end:
        assert not end.code
    assert shown in capsys.readouterr().out


def test_help_loads_no_heavy_library():
    code = "import sys, lowpower.command as c; c.make_parser().format_help(); print({*sys.modules} & {'numpy', 'yaml'})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"


def test_a_wrong_command_line_is_one_message(tmp_path, monkeypatch):
    assert fails("weights").startswith("name network and file: lowpower weights")
    assert fails("weights", "vit", "w.safetensors").startswith("no package with weights of vit is known; write one of")
    said = fails("shet")
    assert said.startswith("argument COMMAND: invalid choice: 'shet' (choose") and said.endswith(
        "; see: lowpower --help"
    )
    assert fails("check", "my.yaml").startswith("lowpower check does not take my.yaml; ")
    monkeypatch.chdir(tmp_path)
    assert fails("plan").startswith(f"there is no Snakefile in {tmp_path}; go to the folder of the project")


def test_check_prints_what_would_be_trained(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    main(["check", "--configfile", str(ROOT / SMOKE)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "cohort    smoke: 22 slides of 22 patients (data/smoke/slides.csv)"
    assert lines[2:6] == [
        "patients  10 train (4 labeled), 4 val, 8 test: seed 0",
        "models    5 in all",
        "          1 teacher at 10x",
        "          1 scratch at 2.5x",
    ]
    assert lines[-1] == "results   results/smoke, of test patients"
    assert list(tmp_path.iterdir()) == [tmp_path / "data"]


def test_check_reads_the_expected_figures(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    (tmp_path / "more.yaml").write_text("expected: none.json\n")
    assert fails("check", "--configfile", SMOKE, tmp_path / "more.yaml").startswith("config: `expected`: none.json ")


def test_ranges_prints_a_table_and_writes_the_figures(tmp_path, capsys):
    study = finished_study(tmp_path / "own")
    main(["ranges", str(study)])
    printed = capsys.readouterr().out
    assert printed.startswith("### Per patient, test (3 seeds)\n") and list(tmp_path.iterdir()) == [study]
    main(["ranges", str(study), str(tmp_path / "figures.json")])
    assert capsys.readouterr().out == printed and (tmp_path / "figures.json").is_file()
    assert fails("ranges", tmp_path).startswith(f"{tmp_path} is not the folder of a finished study")


def test_seeds_with_equal_numbers_of_patients_share_a_line(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(ROOT)
    (tmp_path / "more.yaml").write_text("seeds: [0, 3]\n")
    main(["check", "--configfile", SMOKE, str(tmp_path / "more.yaml")])
    said = capsys.readouterr().out
    assert "8 test: seeds 0, 3\n" in said and "models    10 in all" in said


def test_check_reports_a_sheet_that_is_not_ready(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    (tmp_path / "more.yaml").write_text(
        "cohort: unready\nclasses: [palisade_regular, palisade_atypical, sheet_regular]\n"
    )
    said = fails("check", "--configfile", SMOKE, tmp_path / "more.yaml")
    assert said.startswith("data/smoke/slides.csv is not ready for training:\n- label 'sheet_atypical' on ")


FILES = {
    b"training:\n\tsteps: 6\n": ", line 2: this is not YAML (found character '\\t' that cannot start any token); "
    "indent with spaces, not tabs",
    b"": ": the file is empty; write one key per line, such as `cohort: own` (configs/own.yaml)",
    b"- a\n": ": the file is a list; write one key per line, such as `cohort: own` (configs/own.yaml)",
    b"cohort\n": ": the file is plain text; write one key per line, such as `cohort: own` (configs/own.yaml)",
    b"7\n": ": the file is one value; write one key per line, such as `cohort: own` (configs/own.yaml)",
    "note: Präparate".encode("latin-1"): ", line 1: a character is not UTF-8; save the file as text in UTF-8",
    None: ": the file cannot be read (No such file or directory); write the path of a config file, such as "
    "configs/own.yaml",
}


@pytest.mark.parametrize("content", FILES)
@pytest.mark.parametrize("subcommand", ["check", "plan"])
def test_a_file_that_is_no_config_is_reported_before_snakemake_reads_it(subcommand, content, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    path = tmp_path / "my.yaml"
    if content is not None:
        path.write_bytes(content)
    assert fails(subcommand, "--configfile", path) == f"config {path}{FILES[content]}"


def test_an_error_is_one_line_on_stderr_without_a_traceback(tmp_path):
    command = [sys.executable, "-m", "lowpower.command", "check"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (1, "")
    assert (
        run.stderr.startswith("lowpower: config config.yaml: the file cannot be read") and run.stderr.count("\n") == 1
    )


def test_config_files_are_merged_as_snakemake_merges_them(tmp_path):
    contents = [
        {"a": 1, "rows": {"x": {"y": 1, "z": [1, 2]}, "w": None}, "plain": 3},
        {"rows": {"x": {"z": [3]}, "w": {"v": 1}, "new": {}}, "plain": {"deep": 1}},
        {"rows": {"x": None}, "b": "text"},
    ]
    merged, paths = {}, []
    for k, content in enumerate(contents):
        paths.append(tmp_path / f"{k}.yaml")
        paths[-1].write_text(yaml.safe_dump(content))
    raw, written = read_files(paths)
    for content in contents:
        update_config(merged, content)
    assert raw == merged and written[("a",)].value == 1


@pytest.mark.parametrize("subcommand", ["plan", "verify"])
def test_snakemake_takes_over_with_its_own_options(subcommand, monkeypatch):
    monkeypatch.chdir(ROOT)
    started = []
    monkeypatch.setattr(command.os, "execv", lambda program, arguments: started.append((program, arguments)))
    main([subcommand, "--cores", "2", "--configfile", SMOKE, "config.yaml", "--config", "seeds=[0, 1]", "-n"])
    main([subcommand])
    python = [sys.executable, "-m", "snakemake", subcommand]
    further = ["--cores", "2", "--config", "seeds=[0, 1]", "-n", "--configfile", SMOKE, "config.yaml"]
    assert started == [(sys.executable, [*python, *further]), (sys.executable, python)]


@pytest.mark.slow
def test_plan_runs_snakemake(tmp_path):
    folder = copy_project(tmp_path)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHASHSEED"}
    command = [sys.executable, "-m", "lowpower.command", "plan", "--configfile", SMOKE, "--dry-run"]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert run.returncode == 0 and "Estimating the time, memory and disk" in run.stdout, run.stderr
