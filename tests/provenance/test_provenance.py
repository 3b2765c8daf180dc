"""What a study was made from, written down; and its tables computed again."""

import getpass
import json
import platform
import shutil
import subprocess
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from prediction_frames import CLASSES, JUDGING, STUDY, predictions
from study_record import Files, check, make_study
from unit_files import write_units

from lowpower import files
from lowpower.errors import InputError
from lowpower.hashes import hash_of
from lowpower.provenance import environment
from lowpower.provenance.environment import GitState, git_state, machine, packages, read_lock
from lowpower.provenance.record import record_provenance
from lowpower.provenance.rerun import TableJob
from lowpower.provenance.rule_files import as_job, files_of, writers
from lowpower.provenance.verification import compare, verify
from lowpower.tables.patient_list import list_patients
from lowpower.typed_values import as_type


@pytest.fixture
def study(tmp_path):
    return make_study(tmp_path)


def test_an_untouched_study_is_the_same_again(study, capsys):
    check(study)
    said = capsys.readouterr().err
    assert [said.count(f"tables/cost.{form}: same") for form in ("csv", "md", "tex")] == [1, 1, 1]
    assert "provenance.json: 8 of 8 files as recorded" in said
    assert "differ" not in said


@pytest.mark.slow
def test_a_changed_table_is_found_with_its_place_and_what_is_not_as_it_was(study, capsys):
    table = study.out / "tables/cost.csv"
    table.write_text(table.read_text().replace("resnet10,5x,9", "resnet10,5x,8"))
    with pytest.raises(InputError, match=r"1 table not reproduced \(tables/cost.csv\); 1 file not as re"):
        check(study, code="2")
    said = capsys.readouterr().err
    assert (
        "tables/cost.csv: differs in line 3: it has 'resnet10,5x,8" in said and "its inputs give 'resnet10,5x,9" in said
    )
    assert "code, compare_cost: another" in said
    assert "tables/cost.md: same" in said


@pytest.mark.slow
def test_a_missing_table_fails_and_a_missing_input_is_said(study, capsys):
    (study.out / "tables/cost.tex").unlink()
    with pytest.raises(InputError, match=r"1 table not reproduced \(tables/cost.tex\)\. Fetch"):
        check(study)
    assert "tables/cost.tex: missing" in capsys.readouterr().err
    (study.out / "cost/resnet10-5x.json").unlink()
    check(study)
    said = capsys.readouterr().err
    assert "tables/cost.csv: not computed again, cost/resnet10-5x.json not here" in said
    assert "not here, so not compared: cost/resnet10-5x.json, tables/cost.tex" in said


def judged_study(folder):
    """A finished study of what is judged and of one table made from it; its rules, the last first, and the table."""
    (out := folder / "results/own").mkdir(parents=True)
    units, models = write_units(out, STUDY[:2], JUDGING)
    table = out / "tables/patients.csv"
    list_patients(units, models=models, classes=CLASSES, reported=["test"], names=None, csv=table)
    judging = JUDGING | {"aggregation": asdict(JUDGING["aggregation"])}
    rows = [model.as_row() for model in models]
    named = [{key: cell for key, cell in row.items() if key != "steps"} for row in rows]
    judge = SimpleNamespace(
        name="judge_units", script="judge_units.py", params=Files(**judging, models=named, reported=["test"]),
        input=Files(predictions=[str(out / f"{k}.parquet") for k in range(2)], splits=[]),
        output=Files(units=str(units)),
    )  # fmt: skip
    tell = SimpleNamespace(
        name="list_patients", script="list_patients.py", params=Files(classes=CLASSES, models=rows, reported=["test"]),
        input=Files(units=str(units), names=[]), output=Files(csv=str(table)),
    )  # fmt: skip
    return out, [as_job(tell), as_job(judge)]


@pytest.mark.slow
def test_tables_are_computed_from_the_predictions_not_from_the_units_that_lie_there(tmp_path, capsys):
    out, jobs = judged_study(tmp_path)
    (out / "units.parquet").unlink()
    verify(jobs, {}, out / "provenance.json")
    assert "tables/patients.csv: same" in capsys.readouterr().err
    write_units(out, [STUDY[0], STUDY[5]], JUDGING)  # of other predictions, which stay; the table is that of the first
    with pytest.raises(InputError, match=r"1 table not reproduced \(tables/patients.csv\)"):
        verify(jobs, {}, out / "provenance.json")
    (out / "1.parquet").unlink()
    with pytest.raises(InputError, match=r"1 table not reproduced"):  # from the units that lie there
        verify(jobs, {}, out / "provenance.json")
    assert "units.parquet: not computed again, 1.parquet not here" in capsys.readouterr().err


@pytest.mark.slow
def test_units_that_cannot_be_judged_again_are_said(tmp_path, capsys):
    out, jobs = judged_study(tmp_path)
    predictions(8).assign(p_c=0.5).to_parquet(out / "1.parquet")
    with pytest.raises(InputError, match=r"1 table not reproduced \(units.parquet\)"):
        verify(jobs, {}, out / "provenance.json")
    assert "units.parquet: cannot be computed again (lowpower: " in capsys.readouterr().err


@pytest.mark.slow
def test_a_changed_file_that_no_table_shows_is_found_by_its_hash(study, capsys):
    with open(study.out / "teacher/seed0/model.safetensors", "ab") as model:
        model.write(b"!")
    with pytest.raises(InputError, match=r"own: 1 file not as recorded \(teacher/seed0/model.safetensors\)"):
        check(study)
    study.record.unlink()
    check(study)
    assert "so no file was compared with its hash" in capsys.readouterr().err


def test_a_script_that_fails_is_told_with_its_last_words(study, capsys):
    (study.out / "cost/resnet10-5x.json").write_text("{}\n")
    with pytest.raises(InputError, match="3 tables not reproduced"):
        check(study)
    assert "tables/cost.csv: cannot be computed again (lowpower: this looks like a mistake" in capsys.readouterr().err


def test_the_first_difference_is_shown_with_what_stands_around_it(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    new.write_text("a\n" + "x" * 100 + "µ1" + "y" * 100 + "\n")
    old.write_text(new.read_text().replace("µ1", "µ2"))
    assert compare(old, new).startswith("differs in line 2: it has '…" + "x" * 28 + "µ2" + "y" * 29 + "…', its")
    old.write_text(new.read_text() + "more\n")
    assert compare(old, new) == "differs in line 3: it has 'more', its inputs give ''"
    assert compare(tmp_path / "none", new) == "missing"


def test_the_record_names_no_slide_host_user_or_folder_and_is_the_same_each_time(study, tmp_path):
    text = study.record.read_text()
    for name in ("secret", platform.node(), str(tmp_path)):
        assert name not in text
    assert getpass.getuser() not in json.dumps(asdict(machine()))
    assert json.loads(text)["slides"]["usable"] == 3
    rows = files.read_rows(study.out / "intake.csv")
    again = study.out / "again.json"
    record_provenance(*study.inputs, sorted(files_of([study.rule])), "0123", {"compare_cost": "1"}, None, again)
    assert again.read_text() == text
    rows[0]["content"] = "another image"
    files.write_rows(study.out / "intake.csv", list(rows[0]), rows)
    record_provenance(*study.inputs, [], "0123", {}, None, again)
    assert json.loads(again.read_text())["slides"]["content"] != json.loads(text)["slides"]["content"]


def test_new_rules_are_found_by_where_they_write(study):
    other = SimpleNamespace(name="other", output=["results/own/regions/a.csv"], input=[])
    assert writers([study.rule, other], str(study.out), "tables", "figures") == [study.rule]
    study.rule.input.append(lambda wildcards: [])
    with pytest.raises(ValueError, match="rule compare_cost writes a table or figure; list its inputs"):
        as_job(study.rule)


def test_a_job_is_the_same_after_its_way_through_params(study):
    job = as_job(study.rule)
    assert as_type(TableJob, json.loads(json.dumps(asdict(job)))) == job and isinstance(job.input["costs"], list)


def test_the_lock_is_read_and_what_it_pins_is_installed(tmp_path):
    lock = read_lock(environment.HOME / "requirements.txt")
    assert lock["packages"] == packages() and len(lock["packages"]) == 15
    assert lock["sha256"] == hash_of(environment.HOME / "requirements.txt")
    assert read_lock(tmp_path / "none.txt") is None


def test_the_state_of_git_is_told_and_its_absence_too(tmp_path, monkeypatch):
    assert git_state(tmp_path) == GitState(None, why="the project is not a readable git checkout")
    if not shutil.which("git"):
        return
    identity = "-c", "user.name=a", "-c", "user.email=a@example.org"
    (tmp_path / "a").write_text("1")
    for words in (["init", "-q"], ["add", "a"], [*identity, "commit", "-qm", "one"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    clean = git_state(tmp_path)
    assert len(clean.commit) == 40 and clean.dirty is False
    (tmp_path / "a").write_text("2")
    (tmp_path / "inner").mkdir()
    assert git_state(tmp_path) == replace(clean, dirty=True)
    assert git_state(tmp_path / "inner").why == "the project is inside another repository's checkout"
    monkeypatch.setenv("PATH", "")
    assert git_state(tmp_path).commit is None
