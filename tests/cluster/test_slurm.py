"""lowpower on a real SLURM, through profiles/slurm: the bytes of a local run, whatever happens to its jobs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from slurm_cluster import TIMELY, wait_for
from workflow_runs import SMOKE, change, copy_project, planned, results, snakemake

SNAKEMAKE = [str(Path(sys.executable).parent / "snakemake"), "--workflow-profile", "profiles/slurm", *TIMELY]
SEEDS = range(3)
MODELS = [f"results/smoke/teacher/seed{seed}/model.safetensors" for seed in SEEDS]


def start(cluster, folder, *arguments):
    """Snakemake on the cluster, in a process group of its own, its words going to ``said`` in the folder."""
    with open(folder / "said", "wb") as said:
        command, settings = [*SNAKEMAKE, *map(str, arguments), "--configfile", SMOKE], {"stdout": said, "stderr": said}
        settings |= {"stdin": subprocess.DEVNULL, "start_new_session": True, "env": cluster.environment}
        # where the tests run in the background, as CI may, they and what they start would ignore Ctrl-C
        settings |= {"preexec_fn": partial(signal.signal, signal.SIGINT, signal.SIG_DFL)}
        return subprocess.Popen(command, cwd=folder, **settings)


def finish(run, folder, seconds=1800):
    """What a run said, once it has ended."""
    try:
        run.wait(seconds)
    finally:
        run.kill()  # where it has ended this does nothing
    return (folder / "said").read_text()


def on_slurm(cluster, folder, *arguments):
    run = start(cluster, folder, *arguments)
    said = finish(run, folder)
    assert run.returncode == 0, said[-5000:]
    return said


def submitted(cluster, partition, part, since=0):
    """The jobs of a partition, later than a job id, whose comment (it names rule and wildcards) holds this."""
    jobs = [job for job in cluster.jobs() if job["Partition"] == partition and part in job["Comment"]]
    return [job for job in jobs if int(job["JobId"]) > since]


@pytest.fixture(scope="module", autouse=True)
def study(cluster, local, tmp_path_factory):
    """The same on SLURM. It runs while the other tests make trouble in another partition, and is looked at last."""
    folder = copy_project(tmp_path_factory.mktemp("study"))
    for slide in (local / "data/smoke").glob("*.tiff"):
        shutil.copy2(slide, folder / "data/smoke")  # as a user's slides, they are there
    run = start(cluster, folder, "--group-components", "slides=8")
    yield run, folder
    run.kill()


def in_trouble(folder, *lines):
    """A project whose jobs go to the other partition, with these lines under set-resources of its profile."""
    profile = folder / "profiles/slurm/config.yaml"
    change(profile, '  # slurm_partition: "cpu"', '  slurm_partition: "trouble"')
    change(profile, "set-resources:\n", "\n".join(["set-resources:", *(f"  {line}" for line in lines), ""]))
    return folder


@pytest.fixture
def project(local, tmp_path):
    """A copy of the finished local run that a test may change."""
    folder = tmp_path / "project"
    shutil.copytree(local, folder, symlinks=True)
    return folder


def test_memory_grows_with_the_attempt_and_gpus_are_granted(cluster, project):
    gpus = "count_cohort: {gpu: 1}", 'write_config: {gpu: 0, gres: "gpu:1"}'
    in_trouble(project, "tabulate_slides: {mem_mb: 50 * attempt ** 4}", *gpus)  # Snakemake alone takes 100
    targets = [f"results/smoke/{name}" for name in ("tables/intake.csv", "tables/cohort.csv", "config.json")]
    on_slurm(cluster, project, *targets, "--forcerun", "tabulate_slides", "count_cohort", "write_config")
    tries = submitted(cluster, "trouble", "tabulate_slides")
    assert tries[-1]["JobState"] == "COMPLETED" and tries[0]["JobState"] != "COMPLETED"
    assert [int(re.search("mem=([0-9]+)M", job["TRES"])[1]) for job in tries] == [50, 800]
    for rule in ("count_cohort", "write_config"):
        (job,) = submitted(cluster, "trouble", rule)
        assert (job["JobState"], job["JOB_GRES"]) == ("COMPLETED", "gpu:1")


def test_a_refused_submission_is_explained(cluster, project):
    change(project / "profiles/slurm/config.yaml", '# slurm_partition: "cpu"', 'slurm_partition: "nosuch"')
    run = start(cluster, project, "results/smoke/config.json", "--forcerun", "write_config")
    said = finish(run, project)
    assert run.returncode == 1 and "Traceback" not in said
    assert "SLURM sbatch failed. The error message was 'sbatch: error: invalid partition specified: nosuch" in said


@pytest.fixture
def teachers(local, tmp_path):
    """Three teachers that were trained here, and a copy of the project in which none is."""
    whole, folder = tmp_path / "whole", tmp_path / "project"
    shutil.copytree(local, whole, symlinks=True)
    change(whole / SMOKE, "seeds: [0]", f"seeds: {list(SEEDS)}")
    change(whole / SMOKE, "steps: 6\n  batch: 4\n  evaluate_every: 3", "steps: 300\n  batch: 4\n  evaluate_every: 20")
    snakemake(whole, *MODELS, "--cores", 2, "--configfile", SMOKE)
    shutil.copytree(whole, folder, symlinks=True)
    shutil.rmtree(folder / "results/smoke/teacher")
    return whole, folder


def cancel(cluster, job):
    cluster.run("scancel", job["JobId"])


def outlast(cluster, job):
    """Give it one minute, and let that run out. SLURM wakes what is stopped before it asks it to end."""
    cluster.run("scontrol", "update", f"JobId={job['JobId']}", "TimeLimit=1")
    for process, command in cluster.processes(SLURM_JOB_ID=job["JobId"]).items():
        if ".train_teacher.py" in command:
            os.kill(process, signal.SIGSTOP)


def lose_node(cluster, job):
    cluster.kill_node(job["NodeList"])


FAULTS = {0: ("CANCELLED", cancel), 1: ("TIMEOUT", outlast), 2: ("NODE_FAIL", lose_node)}


def test_a_stopped_training_goes_on_where_it_was_to_the_same_bytes(cluster, teachers):
    """First by Ctrl-C at Snakemake; then by scancel, by the time limit, and by the death of a node."""
    whole, folder = teachers
    in_trouble(folder)
    saved = [folder / f"results/smoke/teacher/seed{seed}/last-train.pt" for seed in FAULTS]
    cluster.run("scontrol", "update", "NodeName=node5,node6", "State=DRAIN", "Reason=test")  # two run, one waits
    run = start(cluster, folder, *MODELS)
    wait_for(lambda: any(path.exists() for path in saved), 300)
    run.send_signal(signal.SIGINT)
    finish(run, folder)
    wait_for(lambda: not cluster.run("squeue", "--noheader", "--partition=trouble"), 30)
    cancelled = submitted(cluster, "trouble", "train_teacher")
    assert len(cancelled) == len(SEEDS) and {job["JobState"] for job in cancelled} == {"CANCELLED"}
    assert not any((folder / model).exists() for model in MODELS)
    cluster.run("scontrol", "update", "NodeName=node5,node6", "State=RESUME")

    before, begin, hit = max(int(job["JobId"]) for job in cancelled), time.time(), {}
    run = start(cluster, folder, *MODELS)

    def strike():
        for seed, (_, fault) in FAULTS.items():
            if seed not in hit and saved[seed].exists() and saved[seed].stat().st_mtime > begin:
                hit[seed] = submitted(cluster, "trouble", f"train_teacher_wildcards_{seed}")[-1]
                fault(cluster, hit[seed])
        return len(hit) == len(FAULTS)

    wait_for(strike, 300)
    said = finish(run, folder)
    cluster.start_node(hit[2]["NodeList"])
    assert run.returncode == 0, said[-5000:]
    for seed, (state, _) in FAULTS.items():
        tries = submitted(cluster, "trouble", f"train_teacher_wildcards_{seed}", since=before)
        assert [job["JobState"] for job in tries] == [state, "COMPLETED"]
        log = (folder / f"results/smoke/logs/train_teacher/seed{seed}.log").read_text()
        assert "continuing after step" in log
    for path in MODELS + [model.replace("model.safetensors", "history.csv") for model in MODELS]:
        assert (folder / path).read_bytes() == (whole / path).read_bytes()
    (tried,) = folder.glob(f".snakemake/slurm_logs/rule_train_teacher/*/{hit[1]['JobId']}.log")
    assert "stopped by SIGTERM" in tried.read_text()  # a warning reaches the training through two Snakemakes


def test_a_study_on_slurm_has_the_bytes_of_a_local_one(cluster, local, study):
    run, folder = study
    said = finish(run, folder)
    assert run.returncode == 0, said[-5000:]
    assert results(folder) == results(local)
    jobs = submitted(cluster, "quiet", "")
    assert {job["JobState"] for job in jobs} == {"COMPLETED"} and len({job["NodeList"] for job in jobs}) == 3
    groups = [job for job in jobs if "check_slide" in job["Comment"]]
    assert [(job["TRES"].split(",node")[0], job["NumCPUs"]) for job in groups] == [("cpu=1,mem=2000M", "1")] * 3
    assert all(job["TimeLimit"] > "02:00:00" for job in groups)  # of all its slides together; 15 minutes are one's


def test_wrong_clocks_of_nodes_make_nothing_run_again(study):
    """One node of the study's is an hour ahead, one 20 seconds behind."""
    run, folder = study
    finish(run, folder)
    dated = [path.stat().st_mtime for path in (folder / "results").rglob("*")]
    assert max(dated) < time.time()
    logs = [path.read_text() for path in (folder / "results/smoke/logs").rglob("*.log")]
    assert any(re.search("^waiting .* newer than this machine's clock$", log, re.M) for log in logs)
    assert planned(folder, "--configfile", SMOKE) == {}
