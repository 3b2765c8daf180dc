"""Every row of the table in docs/errors.md: the mistake is made, and the message is the one the table promises."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import fields
from functools import partial

import pandas as pd
import pytest
import yaml
from demo_config import demo
from model_files import write_header
from package_files import edit, write_package
from project_paths import BIN, ROOT
from seed_studies import finished_study
from sheet_files import edited, workbook
from slide_files import draw_tissue, write_slide
from study_record import check, make_study
from workflow_runs import SMOKE, copy_project

from lowpower import files
from lowpower.claims.claims_file import read_claims
from lowpower.config.config_file import read_config, read_files, read_unquoted
from lowpower.config.expected_differences import expected_differences
from lowpower.config.expected_file import read_expected
from lowpower.config.external_models import check_external_models
from lowpower.config.folder_checks import check_project_path, check_writable
from lowpower.config.packaged_models import packaged_models
from lowpower.config.previous_run import check_same_study
from lowpower.config.sheet import read_sheet
from lowpower.config.sheet_row import PatientRow
from lowpower.config.split_settings import Split
from lowpower.config.splits import find_problems
from lowpower.config.study_models import models
from lowpower.config.trained_model import Model
from lowpower.config.training_params import TrainingJob
from lowpower.config.training_settings import Augmentation, Stage, Training
from lowpower.errors import InputError
from lowpower.model_header import ModelHeader
from lowpower.provenance.leaks import check_published
from lowpower.pseudonyms import make_pseudonyms
from lowpower.reading.package_export import export_package
from lowpower.reading.reading_run import read_slides
from lowpower.reading.slide_list import list_slides
from lowpower.tables.intake_table import gather_slides
from lowpower.tables.predictions_file import check_apart, check_attention, read_predictions
from lowpower.tables.seed_figures import write_ranges
from lowpower.tables.splits_file import COLUMNS as SPLITS

HEADER = "slide,path,patient,label\n"
ROW = "a,a.svs,P1,Normal\n"


def message_of(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return str(caught.value)


def config(**changes):
    """What a config is told; a change to None takes the key away."""

    def make(folder):
        raw = demo(**changes)
        raw = {key: value for key, value in raw.items() if value is not None}
        return message_of(read_config, raw, ROOT / "schemas/config.schema.yaml")

    return make


def config_file(text):
    """What is said of a config file of this text."""

    def make(folder):
        (folder / "my.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return message_of(read_files, [folder / "my.yaml"])

    return make


def misread(folder):
    """What is said of classes that YAML reads as true and false."""
    (folder / "my.yaml").write_text("classes: [NO, YES]\n")
    raw = demo(classes=[False, True])
    return message_of(read_config, raw, ROOT / "schemas/config.schema.yaml", read_unquoted([folder / "my.yaml"]))


def claims(*changes, content=None):
    """What a file of claims is told; each of the changes makes one claim, content is another file's."""

    def make(folder):
        about = {"id": "mine", "claim": "It is close.", "test": "noninferiority", "margin": 0.02}
        about |= {"row": {"method": "sskd"}, "against": {"method": "teacher"}}
        listed = [{key: value for key, value in (about | c).items() if value is not None} for c in changes]
        (folder / "claims.yaml").write_text(content or yaml.safe_dump({"claims": listed}))
        return message_of(read_claims, folder / "claims.yaml", ROOT / "schemas/claims.schema.yaml")

    return make


def other_study(folder):
    out = folder / "results/own"
    files.write_json(out / "config.json", {"slides": "a.csv", "classes": ["Normal", "Sprue"], "unit": "tissue"})
    write_header(out / "teacher/seed0/model.safetensors", {})
    raw = demo(slides="a.csv", classes=["a", "b"])
    return message_of(check_same_study, read_config(raw, ROOT / "schemas/config.schema.yaml"), out)


def expected(text):
    """What a config is told whose file of expected figures has this text."""

    def make(folder):
        (folder / "figures.json").write_text(text)
        return message_of(read_expected, folder / "figures.json")

    return make


def other_release(folder):
    about = {"command": "", "lowpower": "0", "processor": "", "sheet": "", "rows": []}
    files.write_json(folder / "figures.json", about | {"config": {"seeds": [0, 1], "looks": 3}})
    study = read_config(demo(expected=str(folder / "figures.json")), ROOT / "schemas/config.schema.yaml")
    return message_of(expected_differences, study, ROOT / "schemas/config.schema.yaml")


def leak(folder):
    make_pseudonyms(["S-001"], [], folder / "private/pseudonyms.csv")
    files.write_rows(folder / "tables/cost.csv", ["slide"], [{"slide": "S-001"}])
    return message_of(check_published, [folder / "tables/cost.csv"], folder, folder / "private/pseudonyms.csv")


def changed_table(folder):
    made = make_study(folder)
    (made.out / "tables/cost.csv").write_text("")
    return message_of(check, made)


LABELS = {"finetune": {"images": "labeled"}}
TEACHERS = LABELS | {"init": "teacher"}
LITE0 = {"network": "tf_efficientnet_lite0", "weights": "w.safetensors"}
ELSEWHERE = LABELS | {"network": "resnet18", "init": "none.safetensors"}


def given(**changes):
    """What a config is told that names a file."""

    def make(folder):
        raw = demo(**changes)
        return message_of(check_external_models, read_config(raw, ROOT / "schemas/config.schema.yaml"))

    return make


def other_teacher(folder):
    classes = demo()["classes"]
    path = folder / "given.safetensors"
    write_header(path, {"architecture": "resnet10", "classes": classes, "magnification": 20})
    return given(teacher=str(path))(folder)


def own_teacher(folder):
    path = "results/demo/teacher/seed0/model.safetensors"
    (folder / path).parent.mkdir(parents=True)
    (folder / path).touch()
    with contextlib.chdir(folder):
        return given(teacher=path)(folder)


def other_weights(folder):
    from safetensors.torch import save_file

    from lowpower.models import networks
    from lowpower.models.weights_file import take_weights

    save_file(networks.build("resnet18", 2, 0).body.state_dict(), folder / "w.safetensors")
    return message_of(take_weights, networks.build("resnet34", 2, 0), folder / "w.safetensors")


def pickled_weights(folder):
    import torch

    from lowpower.models import networks
    from lowpower.models.weights_file import take_weights

    torch.save({"w": torch.ones(3)}, folder / "w.safetensors")
    return message_of(take_weights, networks.build("resnet34", 2, 0), folder / "w.safetensors")


def no_package(folder):
    from lowpower.models import weights_conversion

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights_conversion, "find_spec", lambda name: None)
        path = folder / "w.safetensors"
        return message_of(weights_conversion.convert_weights, "tf_efficientnet_lite0", path)


def no_timm(folder):
    from lowpower.models import networks

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "timm", None)
        return message_of(networks.empty, "tf_efficientnet_lite0", 2)


def newer_model(folder):
    from lowpower.models import networks
    from lowpower.models.model_file import load_model, save_model

    network = networks.build("color", 2, 0)
    network.name = "vit"
    save_model(folder / "model.safetensors", network, ModelHeader(classes=["a", "b"]))
    return message_of(load_model, folder / "model.safetensors")


def sheet(content, name="slides.csv"):
    """What a sheet of this content is told."""

    def make(folder):
        if content is not None:
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return message_of(read_sheet, folder / name, ROOT / "schemas/sheet.schema.yaml")

    return make


def book(change=None, **edit):
    """What a workbook of two slides is told that was changed so; edit: of one of its parts."""
    content = workbook(["a", "a.svs", "P1", "Normal"], ["b", "b.svs", "P2", "Sprue"], change=change)
    return sheet(edited(content, **edit) if edit else content, "slides.xlsx")


def patients(*changes, classes=("Normal", "Sprue"), by="sheet", sites=(), seeds=(0,)):
    """What a sheet of eight labeled patients is told when (slide, column, value) are changed or added."""

    def make(folder):
        rows = {}
        for c, label in enumerate(("Normal", "Sprue")):
            for k, split in enumerate(("train", "train", "val", "test")):
                name = "abcdefgh"[4 * c + k]
                row = {"slide": name, "patient": f"P{4 * c + k + 1}", "label": label, "split": split}
                rows[name] = row | {"site": ("East", "West")[k % 2], "true_label": ""}
        for name, column, value in changes:
            rows.setdefault(name, rows["a"] | {"slide": name})[column] = value
        split = Split(by=by, val=0.2, test=0.3, test_sites=list(sites))
        return "\n".join(
            find_problems([PatientRow(**row) for row in rows.values()], classes=classes, seeds=seeds, split=split)
        )

    return make


def job(code):
    """What the log of a job says whose script runs this code."""

    def make(folder):
        script = f"from lowpower.log import open_log\nopen_log({str(folder / 'job.log')!r})\n{code}\n"
        run = subprocess.run(
            [sys.executable, "-c", script],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
        assert run.returncode == 1
        return (folder / "job.log").read_text() + run.stdout + run.stderr

    return make


def run_snakemake(folder, *arguments):
    run = subprocess.run([BIN / "snakemake", *arguments], cwd=folder, capture_output=True, text=True)
    assert run.returncode != 0
    return run.stdout + run.stderr


def excluded(folder):
    copy_project(folder)
    path = folder / SMOKE
    path.write_text(path.read_text() + "\non_excluded: fail\n")
    rows = (folder / "data/smoke/slides.csv").read_text().splitlines()
    kept = [rows[0]] + [row for row in rows[1:] if row.split(",")[-1]]  # the broken slides alone: quick
    (folder / "data/smoke/slides.csv").write_text("\n".join(kept) + "\n")
    return run_snakemake(folder, "intake", "--cores", "2", "--configfile", SMOKE)


def locked(folder):
    copy_project(folder)
    command = [BIN / "snakemake", "intake", "--cores", "1", "--configfile", SMOKE]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = subprocess.Popen(command, cwd=folder, start_new_session=True, **quiet)
    try:
        while run.poll() is None and not list((folder / "data/smoke").glob("*.tiff")):
            time.sleep(0.01)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    said = run_snakemake(folder, *command[1:])
    unlock = subprocess.run([BIN / "snakemake", "--unlock", "--configfile", SMOKE], cwd=folder, capture_output=True)
    assert unlock.returncode == 0
    return said


def old_snakemake(folder):
    copy_project(folder)
    code = (
        "import snakemake.common\n"
        "snakemake.common.__version__ = '8.30.0'\n"
        "from snakemake.cli import main\n"
        "main(['--dry-run'])\n"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    assert run.returncode != 0
    return run.stdout + run.stderr


def old_python(folder):
    # what `make .venv` runs first, with the version of an older Python
    command = re.search(r'-c "(import sys; v = sys.version_info;.*)"$', (ROOT / "Makefile").read_text(), re.M)[1]
    older = command.replace("sys.version_info", "type(sys.version_info[:1])((3, 9))").replace("v.major", "v[0]")
    older = older.replace("v.minor", "v[1]")
    return subprocess.run([sys.executable, "-c", older], capture_output=True, text=True).stderr


def not_writable(folder):
    (folder / "results").symlink_to("/proc")  # nobody can write there, not even root
    return message_of(check_writable, folder / "results/mine")


def same_image(folder):
    from slide_files import cut_slide, draw_tissue, write_slide

    path = write_slide(folder / "a.svs", draw_tissue(600, 600, [(100, 100, 400, 400)]))
    cut_slide(folder, path)
    states = [[folder / f"{step}.json"] * 2 for step in ("check", "mask", "tile")]
    return message_of(gather_slides, *states, ["B", "A"], ["P2", "P1"], "continue", 1, folder / "intake.csv")


def class_lost(folder):
    return message_of(write_without_regions, folder)


def strange_annotation(folder):
    from lowpower.tables.cohort_counts import CountedRegion
    from lowpower.tables.splits_file import check_annotations

    index = [CountedRegion(slide=f"S{k % 2 + 1}", annotation="normal") for k in range(12)]
    return message_of(check_annotations, index, ["Normal", "Tumor"])


def write_without_regions(folder):
    from lowpower.config.split_row import SplitRow
    from lowpower.tables.splits_file import write_splits

    row = SplitRow(seed=0, slide="a", patient="P1", label="Normal", split="train")
    files.write_rows(folder / "index.csv", ["region", "slide", "annotation", "area_mm2"], [])
    write_splits([row], index=folder / "index.csv", classes=["Normal"], output=folder / "splits.csv")


def level_lost(folder):
    from level_files import cut, emptied, write_levels

    from lowpower.slides.level_regions import read_level

    made = cut(folder, write_levels(folder / "a.tif", size=(800, 720), downsamples=[1, 4], mpp=0.5), 4, slide="S1")
    emptied(folder / "a.tif")
    return message_of(lambda: read_level(**made))


def damaged_region(folder):
    from lowpower.models.stored_images import read_bytes

    (folder / "a.zip").write_bytes(b"half a ZIP")
    region = type("Region", (), {"zip": folder / "a.zip", "member": "00000.jpg"})
    return message_of(read_bytes, region)


def training_job(**changes):
    """The params of a training, of which a test needs a few."""
    job = dict.fromkeys(field.name for field in fields(TrainingJob))
    job |= {"name": "sskd at 5x", "seed": 0, "unlabeled": 100, "training": Training(), "gpu": False}
    return TrainingJob(**job | changes)


def loss_not_finite(folder):
    import torch

    from lowpower.models import resnet, training

    network = resnet.build(2, 0)

    def micro_batches(network, step):
        loss = next(network.parameters()).sum() * torch.nan
        yield training.MicroBatch(1.0, {"cross_entropy": loss}, ["S001_00003"])

    recipe = Training(learning_rate=1, weight_decay=0, evaluate_every=1)
    judge = lambda network: (1.0, 0.5)  # noqa: E731
    last = folder / "last.pt"
    return message_of(training.fit, network, "sskd at 5x", "distill", 9, micro_batches, judge, recipe, last, "x")


def diverging(folder):
    import torch

    from lowpower.models import training

    def micro_batches(network, step):
        yield training.MicroBatch(1.0, {"kl": (80 if step else 0.5) + 0 * network.weight.sum()}, ["S001_00003"])

    recipe = Training(weight_decay=0, evaluate_every=2)
    judge = lambda network: (1.0, 0.5)  # noqa: E731
    about = (
        torch.nn.Linear(1, 1, bias=False),
        "sskd at 5x",
        "distill",
        8,
        micro_batches,
        judge,
        recipe,
        folder / "last.pt",
        "x",
    )
    return message_of(training.fit, *about, 0, 0.69)


def nothing_labeled(folder):
    from lowpower.models import training_inputs
    from lowpower.models.teacher_training import train_on_labels

    training = training_inputs.Training(
        job=training_job(labeled=5), phase="finetune", network=None, header=ModelHeader(classes=[]), device=None
    )
    return message_of(train_on_labels, training, [], [], "model.safetensors", Stage(images="labeled"))


def nothing_to_validate(folder):
    from lowpower.models import training_inputs
    from lowpower.models.training import train

    training = training_inputs.Training(
        job=training_job(), phase="distill", network=None, header=ModelHeader(classes=[]), device=None
    )
    return message_of(train, training, [], [], 9, None, "model.safetensors", Stage(images="labeled"))


def other_classes(folder):
    from lowpower.models import model_file, resnet
    from lowpower.models.training_inputs import start_training

    model_file.save_model(folder / "model.safetensors", resnet.build(2, 0), ModelHeader(classes=["red", "blue"]))
    job = training_job(init="teacher", classes=["Normal", "Sprue"])
    return message_of(start_training, job, "finetune", str(folder / "model.safetensors"), ["a region"])


def half_a_model(folder):
    from lowpower.models import model_file, resnet

    path = folder / "model.safetensors"
    model_file.save_model(path, resnet.build(2, 0), ModelHeader(classes=["red", "blue"]))
    path.write_bytes(path.read_bytes()[:99_999])
    return message_of(model_file.load_model, path)


def recording(truncated=False, **changes):
    """What a student is told whose recording's header was changed."""

    def make(folder):
        from types import SimpleNamespace

        import torch
        from safetensors.torch import save

        from lowpower.models import resnet
        from lowpower.models.model_file import KEY, save_model
        from lowpower.models.recording import origin
        from lowpower.models.teacher_outputs import RecordedTeacher

        part, teacher, index = folder / "part0.safetensors", folder / "model.safetensors", folder / "10x.csv"
        save_model(teacher, resnet.build(2, 0), ModelHeader(classes=["Normal", "Sprue"], fingerprint="cafe"))
        files.write_rows(index, ["region", "fingerprint"], [{"region": "S001_00003", "fingerprint": "1"}])
        recorded = origin(ModelHeader(classes=[], fingerprint="cafe"), 0, Augmentation())
        header = recorded | {"views": 1, "channels": 1, "regions": {"S001_00003": "1"}}
        tensors = {name: torch.zeros(1) for name in ("logits", "grids", "starts", "max", "mean")}
        written = save(tensors, {KEY: json.dumps(header | changes)})
        part.write_bytes(written[: len(written) // 2] if truncated else written)
        regions = [SimpleNamespace(region="S001_00003")]
        return message_of(RecordedTeacher, [part], regions, teacher, index, 0, Augmentation(), 1)

    return make


def no_operators(folder):
    """torchvision as it is beside a torch that it does not fit: it fails at import, whatever is declared."""
    package = folder / "torchvision"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')\n")
    return job(
        f"import sys\nsys.path.insert(0, {str(folder)!r})\n"
        "from lowpower.models.torchvision_import import torchvision_part\n"
        "torchvision_part('transforms')"
    )(folder)


def predictions(without=(), **columns):
    """What is said of predictions with these columns changed."""

    def make(folder):
        return message_of(read_predictions, [_predictions(folder, without, columns)], ["Normal", "Sprue"])

    return make


def judged_in_training(folder):
    """Predictions of a patient whom the splits have in train."""
    files.write_rows(folder / "splits.csv", SPLITS, [{"seed": 0, "patient": "P1", "split": "train"}])
    path = _predictions(folder, (), {})
    model = Model(method="sskd", magnification=5, labeled=100, unlabeled=100, seed=0)
    return message_of(check_apart, [path], [pd.read_parquet(path)], [model], [folder / "splits.csv"])


def without_scores(folder):
    path = _predictions(folder, (), {})
    return message_of(check_attention, [path], [pd.read_parquet(path)])


def _predictions(folder, without, columns):
    frame = pd.DataFrame({"region": [f"S001_0000{k}" for k in range(4)], "patient": "P1", "split": "test"})
    frame = frame.assign(p_Normal=0.9, p_Sprue=0.1).drop(columns=list(without)).assign(**columns)
    frame.to_parquet(folder / "predictions.parquet")
    return folder / "predictions.parquet"


TWO_STAGES = {"distill": {"images": "all"}, "finetune": {"images": "labeled"}}


def no_such_model(folder):
    study = read_config(demo(package="skd/5x"), ROOT / "schemas/config.schema.yaml")
    return message_of(packaged_models, study, models(study))


def export(**formats):
    """What is said of the export of a package of unit tissue."""

    def case(folder):
        best = write_package(folder / "best")
        return message_of(partial(export_package, **formats), best, folder / "exported")

    return case


def package(change, name="", slides="s.svs", out="out", pixels=None, refer=""):
    """What is said of a package, after a change to it, of its slides and of the folder for readings."""

    def make(folder):
        teacher = write_package(folder / "teacher", 10, method="teacher")
        write_package(folder / "best", teacher=teacher)
        teacher.rename(folder / "best/teacher")
        (folder / "best/s.svs").touch()
        if change:
            change(folder / "best")
        paths = (folder / "best" / part for part in (name, slides, out))
        return message_of(read_slides, *paths, pixels, True, refer)

    return make


def read_with_referral(folder):
    write_slide(folder / "s.svs", draw_tissue(256, 256, []))
    read_slides(folder, folder / "s.svs", folder / "out", refer="chosen")


def two_of_one_name(folder):
    """Folders that hold a slide of the same name each."""
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "s.svs").touch()
    return folder / "a", folder / "b"


CASES = {
    "key twice in a file": config_file("training: {steps: 6}\nseeds: [0]\ntraining: {batch: 2}\n"),
    "number that YAML reads as a different number": config_file("seeds: [010]"),
    "date": config_file("note: 2024-01-02"),
    "key that YAML does not read as text": config_file("NO: 1"),
    "key that is a list or section": config_file("? [1, 2]\n: 3"),
    "JSON with a key twice": config_file('{"seeds": [0], "seeds": [1]}'),
    "anchor that contains itself": config_file("note: &a [*a]"),
    "file that is not valid YAML, such as one with tabs": config_file("training:\n\tsteps: 6\n"),
    "config file that is not UTF-8": config_file("note: Präparate".encode("latin-1")),
    "config file that is empty, or a list": config_file(""),
    "config file that does not exist": lambda folder: message_of(read_files, [folder / "my.yaml"]),
    "word that YAML reads as something else": misread,
    "unknown key": config(trainig={}),
    "key missing": config(classes=None),
    "wrong type": config(training={"steps": "many"}),
    "null instead of a section or value": lambda folder: message_of(
        read_config,
        demo(training=None),
        ROOT / "schemas/config.schema.yaml",
    ),
    "value that is not a number": config(max_side_um=float("nan")),
    "out of range": config(jpeg_quality=101),
    "cohort name that cannot name a folder": config(cohort="my cohort"),
    "classes with similar names": config(classes=["Normal", "normal"]),
    "student magnification not below the teacher's": config(student_magnifications=[10]),
    "magnification ratio that is not a whole number": config(student_magnifications=[4]),
    "odd magnification ratio": config(student_magnifications=[2]),
    "student magnification twice": config(student_magnifications=[2.5, 2.501]),
    "reductions that fit no region size": config(student_magnifications=[10 / 34, 10 / 58, 10 / 62]),
    "largest side below the smallest region": config(max_side_um=100),
    "invalid grid size": config(unit="grid", grid={"size_um": 300}),
    "unknown method": config(methods={"skdd": None}),
    "invalid row name": config(methods={"KD": LABELS}),
    "method without training": config(methods={"mine": {}}),
    "distillation without a loss": config(
        methods={"mine": {"distill": {"images": "all", "kl_weight": 0, "feature_weight": 0}}}
    ),
    "fewer steps than stages": config(methods={"mine": TWO_STAGES}, training={"steps": 1}),
    "fine-tuning that takes all steps": config(
        methods={"mine": TWO_STAGES | {"finetune": {"images": "labeled", "share": 1}}}
    ),
    "bags where each region has a label": config(training={"bags": "attention"}),
    "bags that are not the teacher's": config(
        regions_have_labels=False, training={"bags": "attention"}, methods={"mine": TEACHERS | {"bags": "none"}}
    ),
    "distillation with labels of regions, on bags": config(
        regions_have_labels=False, training={"bags": "mean"}, methods={"kd_supervised": None}
    ),
    "aggregation by attention without bags": config(aggregation="attention"),
    "color on bags": config(regions_have_labels=False, methods={"mine": LABELS | {"network": "color", "bags": "mean"}}),
    "seeds that test the same fold": config(seeds=[0, 5], split={"by": "kfold"}),
    "shares of the demo's foci in the wrong order": config(demo={"focus": [0.3, 0.1]}),
    "missing file of weights": given(methods={"mine": ELSEWHERE}),
    "start weights that are no safetensors file": config(teacher=LITE0 | {"weights": "w.pth"}),
    "row that starts from a teacher of another network": config(teacher=LITE0, methods={"teacher_init": None}),
    "network without start weights": config(methods={"mine": ELSEWHERE | {"init": "random"}}),
    "network that cannot be distilled": config(methods={"mine": {"network": "color", "distill": {"images": "all"}}}),
    "pretraining without fine-tuning, or after something else": config(
        methods={"mine": LABELS | {"pretrain": {"images": "all"}, "init": "teacher"}}
    ),
    "one teacher for seeds that test different patients": config(teacher="best_validation", split={"by": "random"}),
    "missing external teacher": given(teacher="none.safetensors"),
    "braces in the path of an external file, or of a demo's slides": given(teacher="my{x}.safetensors"),
    "external teacher from the same study": own_teacher,
    "external teacher that does not match the config": other_teacher,
    "missing file of expected figures": lambda folder: message_of(read_expected, "none.json"),
    "wrong file of expected figures": expected('{"seeds": [0]}'),
    "expected figures of a release with other keys": other_release,
    "ranges of a study that is not finished": lambda folder: message_of(write_ranges, folder),
    "ranges of a study of one seed": lambda folder: message_of(write_ranges, finished_study(folder, [0])),
    "claims file that is not valid YAML": claims(content="claims: ["),
    "missing claims file": lambda folder: message_of(read_claims, "none.yaml", "schema"),
    "claims file with a key other than `claims`": claims(content="claim: []"),
    "unknown key of a claim": claims({"metrik": "auroc"}),
    "unknown metric or test of a claim": claims({"metric": "f1"}),
    "margin out of range": claims({"margin": 2}),
    "margin missing, or given for a test without margin": claims({"margin": None}),
    "duplicate claim id": claims({}, {}),
    "unknown positive class": config(classes=["Normal", "Sprue"], positive_class="Spure"),
    "results folder of a different study": other_study,
    "label in the sheet that is not a class": patients(("a", "label", "Spure"), ("b", "label", "Spure")),
    "class without a label in the sheet": patients(*((s, "label", "Normal") for s in "efgh")),
    "more processes than regions in a batch": config(training={"processes": 40}),
    "row with two lengths of training": config(
        methods={"mine": {"steps": 1500, "epochs": 100, "distill": {"images": "all"}}}
    ),
    "more processes than GPUs": job(
        "import torch\ntorch.cuda.is_available = lambda: True\ntorch.cuda.device_count = lambda: 1\n"
        "from types import SimpleNamespace as Job\nfrom lowpower.models.parallel import on_processes\n"
        "on_processes(print)(Job(training=Job(processes=2), gpu=True))"
    ),
    "missing sheet": sheet(None, "none.csv"),
    "GPU asked for, none found": job(
        "import torch\ntorch.cuda.is_available = lambda: False\n"
        "from lowpower.models.model_file import prepare_device\nprepare_device(True)"
    ),
    "missing column": sheet("slide,path,label\na,a.svs,Normal\n"),
    "misspelled column": sheet("slide,path,Patients,label\n" + ROW),
    "misspelled optional column": sheet("slide,path,patient,label,true_lable\na,a.svs,P1,Normal,Normal\n"),
    "duplicate column": sheet("slide,path,patient,label,Label\na,a.svs,P1,Normal,Sprue\n"),
    "no rows": sheet(HEADER),
    "more cells than columns": sheet("slide,path,patient,label,mpp\na,a.svs,P1,Normal,0,25\n"),
    "truncated row": sheet(HEADER + "a,a.svs,P1\n"),
    "unclosed quote": sheet(HEADER + ROW + 'b,b.svs,P2,"Sprue\nc,c.svs,P3,Sprue"\n'),
    "blank or wrong cell": sheet(HEADER + "".join(f"{s},{s}.svs,,\n" for s in "abc")),
    "id changed by a spreadsheet program": sheet(HEADER + "a,a.svs,1.23E+11,Normal\n"),
    "ids with decimals": sheet(HEADER + "a,a.svs,1000003.0,Normal\nb,b.svs,7.0,Normal\n"),
    "scale of zero": sheet("slide,path,patient,label,mpp,exclude\na,a.svs,P1,Normal,0,25\n"),
    "invalid reason to exclude": sheet("slide,path,patient,label,exclude\na,a.svs,P1,Normal,False\n"),
    "duplicate slide id": sheet(HEADER + ROW + "a,b.svs,P1,Normal\n"),
    "two similar slide ids": sheet(HEADER + ROW + "A,b.svs,P1,Normal\n"),
    "two slide ids for one file": sheet(HEADER + ROW + "b,x/../a.svs,P1,Normal\n"),
    "unreadable encoding": sheet((HEADER + "ä,a.svs,P1,Normal\n").encode("latin-1")),
    "text in UTF-16": sheet((HEADER + ROW).encode("utf-16")),
    "zero byte": sheet(HEADER + "a,a.svs,\0,Normal\n"),
    "unsupported kind of file": sheet("PAR1"),
    "web page instead of a sheet": sheet("\ufeff <!DOCTYPE html><html><body>Please log in"),
    "broken workbook": sheet("PK\x03\x04", "slides.xlsx"),
    "no visible worksheet": book(pattern=b'"visible"', by=b'"hidden"', part="xl/workbook.xml"),
    "slides in two worksheets": book(lambda book: book.create_sheet("more").append(["slide"])),
    "merged cells": book(lambda book: book.active.merge_cells("D2:D3")),
    "hidden rows": book(lambda book: setattr(book.active.row_dimensions[2], "hidden", True)),
    "formula without a result": book(lambda book: book.active.__setitem__("D2", '=IF(A1="","a","b")')),
    "rows of a workbook out of order": book(pattern=b'<row r="3"', by=b'<row r="2"'),
    "split for some patients only": patients(("a", "split", "")),
    "patient in two splits": patients(("x", "split", "test")),
    "blank label in val or test": patients(("c", "label", "")),
    "class without a labeled patient": patients(("h", "split", "train")),
    "discordant slides of one patient": patients(("x", "label", "Sprue")),
    "two spellings of one patient or site": patients(("x", "patient", "p-1"), ("a", "patient", "P1")),
    "unknown test site": patients(by="site", sites=["Est"]),
    "seeds that test the same patients by chance": patients(by="random", seeds=[0, 1]),
    "too many slides excluded": excluded,
    "one image under two patients": same_image,
    "annotated class that is not in the config": strange_annotation,
    "class without regions after intake": class_lost,
    "non-finite loss": loss_not_finite,
    "diverging loss": diverging,
    "lost or damaged slide level": level_lost,
    "no labeled region for training": nothing_labeled,
    "no labeled region for validation": nothing_to_validate,
    "model with different classes": other_classes,
    "predictions with different classes": predictions(p_red=0.5, p_blue=0.5, without=["p_Normal", "p_Sprue"]),
    "invalid probabilities": predictions(p_Sprue=[0.1, 0.1, 0.1, float("nan")]),
    "invalid attention scores": predictions(attention=[0.1, 0.1, 0.1, float("nan")]),
    "predictions without attention scores": without_scores,
    "evaluated patient who was in training": judged_in_training,
    "file that is not a model, or is cut short": half_a_model,
    "weights of a different network": other_weights,
    "pickle instead of a safetensors file": pickled_weights,
    "package with weights not installed (`lowpower weights`)": no_package,
    "package timm missing": no_timm,
    "model of a newer version": newer_model,
    "recording of a different teacher": recording(teacher="f00d"),
    "recording of different pixels": recording(regions={"S001_00003": "2"}),
    "recording of different regions": recording(regions={}),
    "damaged recording": recording(truncated=True),
    "damaged region file": damaged_region,
    "table or file changed by hand (`snakemake verify`)": changed_table,
    "slide or patient id in a published file, with `ids: pseudonym`": leak,
    "package of a model that the study does not have": no_such_model,
    "file of PyTorch instead of a package": package(lambda folder: (folder / "model.pt").touch(), "model.pt"),
    "model file instead of a package": package(None, "model.safetensors"),
    "folder that is not a package": package(lambda folder: (folder / "empty").mkdir(), "empty"),
    "package cut short": package(lambda folder: (folder / "model.safetensors").write_bytes(b"x")),
    "package of a newer version": package(lambda folder: edit(folder, format_version=2)),
    "edited package": package(lambda folder: edit(folder, clases=[])),
    "edited values of a package": package(lambda folder: edit(folder, mean=[0.1, 0.2, 0.3])),
    "package with the teacher of another study": package(
        lambda folder: write_package(folder / "teacher", 10, method="teacher", cohort="other")
    ),
    "pixels that the study did not test": package(lambda folder: edit(folder, pixels=["averaged"]), pixels="level"),
    "nothing to read at this path": package(None, slides="none.svs"),
    "folder without slides": package(lambda folder: (folder / "empty").mkdir(), slides="empty"),
    "two slides of one name to read": lambda folder: message_of(list_slides, *two_of_one_name(folder)),
    "readings of another package in the folder": package(
        lambda folder: files.write_json(folder / "out/package.json", {"name": "a", "cohort": "b", "pixels": "level"})
    ),
    "referral by a package without teacher": package(None, "teacher", refer="chosen"),
    "referral without the teacher's folder": package(lambda folder: shutil.rmtree(folder / "teacher"), refer="chosen"),
    "referral without thresholds": package(lambda folder: edit(folder, choices=[]), refer="chosen"),
    "share of referral that the package does not store": package(None, refer="7"),
    "another setting of referral in the folder": package(read_with_referral),
    "readings into a file": package(None, out="model.json"),
    "export of nothing": export(),
    "WSInfer's folder of a model whose regions differ in size": export(wsinfer=True),
    "disk full": job("with open('/dev/full', 'w') as full:\n    full.write('x')"),
    "out of memory": job("raise MemoryError"),
    "out of memory in the network": job("import torch\ntorch.empty(10**15)"),
    "out of GPU memory": job("import torch\nraise torch.OutOfMemoryError('CUDA out of memory.')"),
    "one of several processes killed": job(
        "import os\nfrom types import SimpleNamespace as Job\n"
        "from lowpower.models.parallel import is_first, on_processes\n"
        "killed = on_processes(lambda job: is_first() or os.kill(os.getpid(), 9))\n"
        "killed(Job(training=Job(processes=2), gpu=False))"
    ),
    "results folder without write permission": not_writable,
    "braces in the project's own path": lambda folder: message_of(check_project_path, folder / "a{b}"),
    "locked folder: another run is active, or one was killed": locked,
    "Snakemake too old": old_snakemake,
    "Python too old": old_python,
    "torch and torchvision that do not match": no_operators,
}


def table():
    """The rows of docs/errors.md: what is wrong -> the message."""
    lines = (ROOT / "docs/errors.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")]
    return {row[0]: row[1] for row in cells if not row[0].startswith("**") and row[0] != "what is wrong"}


def test_every_row_of_the_table_has_its_test():
    assert list(table()) == list(CASES)


# these start Snakemake, train, or import torch anew
SLOW = {
    "too many slides excluded", "locked folder: another run is active, or one was killed", "Snakemake too old",
    "GPU asked for, none found", "more processes than GPUs", "non-finite loss", "out of memory in the network",
    "out of GPU memory", "one of several processes killed", "torch and torchvision that do not match",
}  # fmt: skip


def test_slow_rows_are_rows():
    assert set(CASES) >= SLOW


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in CASES])
def test_the_message_is_the_one_that_the_table_promises(name, tmp_path):
    said = CASES[name](tmp_path)
    promised = ".*".join(re.escape(part) for part in table()[name].split("…"))
    assert re.search(promised, said, re.S), said[-2000:]
    assert "Traceback" not in said
