"""Exported models give our logits elsewhere, with free sizes, and hold nothing of this machine."""

import json
import subprocess
import sys
import zipfile

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from lowpower.errors import InputError
from lowpower.inference.export import write_onnx, write_torchscript
from lowpower.inference.model import open_model
from lowpower.inference.torch_model import TorchModel
from lowpower.inference.wsinfer_folder import write_wsinfer
from lowpower.model_header import ModelHeader
from lowpower.models.model_file import load_model
from lowpower.models.networks import NETWORKS
from lowpower.models.pixels import Normalizer

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 96, 224), dtype=np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_gives_torchs_logits_for_other_sizes_than_it_was_written_with(save, tmp_path, name):
    path = save(name)
    write_onnx(path, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    found = session.run(["logits"], {"pixels": IMAGES})[0]
    expected = TorchModel(*load_model(path)).run(list(IMAGES)).logits
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max().clip(1)
    written = onnx.load(tmp_path / "model.onnx")
    header = ModelHeader.from_json(next(p.value for p in written.metadata_props if p.key == "lowpower"))
    assert header == open_model(path).header
    outputs = [output.name for output in written.graph.output]
    assert outputs == (["logits"] if name == "color" else ["logits", "feature_map", "logit_map"])


def test_onnx_of_our_network_has_the_same_bytes_again(save, tmp_path):
    for name in ("a.onnx", "b.onnx"):
        write_onnx(save(), tmp_path / name)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_graph_that_is_wrong_is_never_written(save, tmp_path, monkeypatch):
    monkeypatch.setattr("lowpower.inference.resnet_graph._EPSILON", 1e-3)
    with pytest.raises(RuntimeError, match="differ from torch's by"):
        write_onnx(save(), tmp_path / "model.onnx")
    assert not list(tmp_path.glob("*.onnx*"))


EXPORT = "import sys; from lowpower.inference.export import write_torchscript; write_torchscript(*sys.argv[1:])"


@pytest.mark.slow
def test_torchscript_has_the_same_bytes_again_and_no_path_of_this_machine(save, tmp_path):
    path = save()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        subprocess.run([sys.executable, "-c", EXPORT, path, tmp_path / folder / "model.pt"], check=True)
    assert (tmp_path / "a/model.pt").read_bytes() == (tmp_path / "b/model.pt").read_bytes()
    with zipfile.ZipFile(tmp_path / "a/model.pt") as archive:
        content = b"".join(map(archive.read, archive.namelist()))
    for word in ("site-packages", "workflow_scripts", str(tmp_path)):
        assert word.encode() not in content


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet10", "color", "resnet18"])
def test_torchscript_returns_one_tensor_of_logits(save, tmp_path, name):
    path = save(name)
    write_torchscript(path, tmp_path / "model.pt")
    network = torch.jit.load(tmp_path / "model.pt")
    model = TorchModel(*load_model(path))
    normalize = Normalizer(model.header.mean, model.header.std, torch.device("cpu"))
    with torch.no_grad():
        found = network(normalize(list(map(torch.from_numpy, IMAGES))))
    assert found.shape == (5, 3) and np.abs(found.numpy() - model.run(list(IMAGES)).logits).max() < 1e-5


def test_wsinfers_folder_says_what_the_model_reads(save, tmp_path):
    write_wsinfer(save(), tmp_path / "sskd", unit="grid", field_um=256)
    assert sorted(path.name for path in (tmp_path / "sskd").iterdir()) == [
        "README.md", "config.json", "torchscript_model.pt",
    ]  # fmt: skip
    config = json.loads((tmp_path / "sskd/config.json").read_text())
    assert config == {
        "spec_version": "1.0", "architecture": "resnet10", "num_classes": 3, "patch_size_pixels": 64,
        "spacing_um_px": 4.0, "class_names": ["blue", "green", "red"],
        "transform": [
            {"name": "Resize", "arguments": {"size": 64}}, {"name": "ToTensor"},
            {"name": "Normalize", "arguments": {"mean": [0.7, 0.5, 0.6], "std": [0.2, 0.25, 0.15]}},
        ],
    }  # fmt: skip
    readme = (tmp_path / "sskd/README.md").read_text()
    assert "64 x 64 px" in readme and "256 µm wide" in readme and "blue, green, red" in readme


@pytest.mark.parametrize("unit", ["tissue", "slide"])
def test_wsinfer_reads_no_regions_that_differ_in_size(save, tmp_path, unit):
    with pytest.raises(InputError, match=f"unit {unit}, which differ in size.* write ONNX or TorchScript"):
        write_wsinfer(save(), tmp_path / "folder", unit, 256)
    assert not (tmp_path / "folder").exists()
