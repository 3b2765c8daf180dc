"""Exported models in other people's programs, which `make test-exchange` installs into environments of their own."""

import csv
import os
import subprocess

import numpy as np
import pytest
from PIL import Image
from project_paths import ROOT
from slide_files import draw_tissue, write_slide

from lowpower.inference.export import write_torchscript
from lowpower.inference.model import open_model
from lowpower.inference.outputs import probabilities_of
from lowpower.inference.torch_model import TorchModel
from lowpower.inference.wsinfer_folder import write_wsinfer
from lowpower.models.model_file import load_model

pytestmark = pytest.mark.slow
EXCHANGE = ROOT / ".exchange"

LOAD = """
import sys, numpy as np, torch
print(torch.__version__)
network = torch.jit.load(sys.argv[1])
with torch.no_grad():
    np.save(sys.argv[3], network(torch.from_numpy(np.load(sys.argv[2]))).numpy())
"""


def installed(environment, program):
    path = EXCHANGE / environment / "bin" / program
    if not path.exists():
        pytest.skip(f"needs .exchange/{environment} (`make test-exchange` installs it)")
    return path


def run(folder, *command):
    """Run a program that writes into its home, which is the folder, sees none of our packages and has no network."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"HOME": str(folder), "WSINFER_FORCE_CPU": "1", "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run(list(map(str, command)), cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.parametrize("environment, version", [("torch-2.5.1", "2.5.1"), ("wsinfer", "2.7.1")])
def test_torchscript_loads_in_the_torch_of_qupath(save, tmp_path, environment, version):
    python, path = installed(environment, "python"), save()
    write_torchscript(path, tmp_path / "model.pt")
    model = TorchModel(*load_model(path))
    images = list(np.random.default_rng(0).integers(0, 256, (3, 3, 96, 160), dtype=np.uint8))
    mean, std = (np.array(values, np.float32).reshape(3, 1, 1) for values in (model.header.mean, model.header.std))
    np.save(tmp_path / "images.npy", np.stack([(image / np.float32(255) - mean) / std for image in images]))
    used = run(tmp_path, python, "-I", "-c", LOAD, "model.pt", "images.npy", "logits.npy")
    assert used.startswith(version)
    assert np.abs(np.load(tmp_path / "logits.npy") - model.run(images).logits).max() < 1e-5


def test_wsinfer_reads_the_folder_and_gives_our_probabilities(save, tmp_path):
    wsinfer, zoo = installed("wsinfer", "wsinfer"), installed("wsinfer", "wsinfer-zoo")
    path, folder = save(), tmp_path / "model"
    write_wsinfer(path, folder, "grid", 256)
    registry = tmp_path / ".wsinfer-zoo/wsinfer-zoo-registry.json"  # else WSInfer fetches its list of models
    registry.parent.mkdir()
    registry.write_text('{"models": {}}')
    assert "VALID" in run(tmp_path, zoo, "validate-config", folder / "config.json")
    image = draw_tissue(4096, 4096, [(300, 400, 2600, 2200), (2600, 2700, 1300, 1200)])
    write_slide(tmp_path / "slides/s1.svs", image, mpp=0.5)
    run(
        tmp_path, wsinfer, "run", "--wsi-dir", "slides", "--results-dir", "results", "--config",
        folder / "config.json", "--model-path", folder / "torchscript_model.pt",
    )  # fmt: skip
    with open(tmp_path / "results/model-outputs-csv/s1.csv") as file:
        rows = list(csv.DictReader(file))
    model = open_model(path)
    assert len(rows) > 10 and {(row["width"], row["height"]) for row in rows} == {("512", "512")}  # 256 µm
    for row in rows:
        x, y = int(row["minx"]), int(row["miny"])
        patch = Image.fromarray(image[y : y + 512, x : x + 512]).resize((64, 64), Image.Resampling.BILINEAR)
        ours = probabilities_of(model.run([np.asarray(patch).transpose(2, 0, 1)]).logits)[0]
        theirs = [float(row[f"prob_{name}"]) for name in model.header.classes]
        assert theirs == pytest.approx(ours, abs=1e-5)
