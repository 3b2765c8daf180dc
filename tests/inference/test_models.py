"""Every engine gives torch's numbers, and the same bits however images are grouped and whatever the process is told."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import safetensors
import torch
from safetensors.torch import save_file

from lowpower.errors import InputError
from lowpower.inference.model import open_model
from lowpower.inference.outputs import probabilities_of
from lowpower.inference.torch_model import TorchModel, serve
from lowpower.models.color_network import AS_STORED
from lowpower.models.model_file import KEY, load_model


def images_of(count, height, width, seed=0):
    draw = np.random.default_rng(seed)
    smooth = draw.integers(0, 256, (count, 3, height // 8, width // 8), dtype=np.uint8)
    noise = draw.integers(0, 40, (count, 3, height, width), dtype=np.uint8)
    return list(np.maximum(smooth.repeat(8, 2).repeat(8, 3), 40) - noise)


SIZES = [(1, 64, 64), (16, 64, 64), (5, 32, 32), (3, 96, 160), (2, 256, 128), (1, 512, 480)]


@pytest.mark.slow
@pytest.mark.parametrize("count, height, width", [*SIZES, (1, 1024, 1056)])
def test_onnx_runtime_gives_torchs_numbers(save, count, height, width):
    path = save()
    images = images_of(count, height, width)
    found, expected = open_model(path).run(images), TorchModel(*load_model(path)).run(images)
    assert found.logits.dtype == np.float32
    assert np.abs(found.logits - expected.logits).max() < 1e-5
    assert np.array_equal(found.logits.argmax(1), expected.logits.argmax(1))
    assert found.feature_map.shape == (count, 256, height // 32, width // 32) == expected.feature_map.shape
    assert np.abs(found.feature_map - expected.feature_map).max() < 1e-4  # single values reach 10
    assert np.abs(found.logit_map - expected.logit_map).max() < 1e-4


@pytest.mark.parametrize("name", ["resnet10", "resnet18"])
def test_the_mean_of_the_logit_map_is_the_logits(save, name):
    found = open_model(save(name)).run(images_of(2, 96, 64))
    assert found.logit_map.shape == (2, 3, 3, 2)
    assert np.abs(found.logit_map.mean((2, 3)) - found.logits).max() < 1e-5


@pytest.mark.parametrize("name", ["resnet10", "color"])
def test_an_image_has_the_same_bits_alone_and_among_others_first_and_last(save, name):
    path = save(name)
    model = open_model(path)
    for height, width in ((64, 64), (32, 96), (256, 128)):
        images = images_of(7, height, width)
        together = model.run(images)
        model.run(images_of(2, 160, 64, seed=1))
        for position in (6, 0, 3):
            alone = model.run([images[position]])
            pair = open_model(path).run([images[position], images[1]])
            for all_of_them, one, first in zip(together, alone, pair, strict=True):
                assert one is None or np.array_equal(one[0], all_of_them[position])
                assert one is None or np.array_equal(first[0], one[0])
            assert np.array_equal(probabilities_of(alone.logits)[0], probabilities_of(together.logits)[position])


RUN = """
import sys, numpy as np
from lowpower.inference.model import open_model
images = np.random.default_rng(0).integers(0, 256, (3, 3, 128, 128), dtype=np.uint8)
model = open_model(sys.argv[1])
sys.stdout.write(" ".join(values.tobytes().hex() for values in model.run(images)[:3]))
assert "torch" not in sys.modules
"""


def test_bits_do_not_depend_on_the_threads_that_the_process_may_use(save):
    path, told = save(), ("OMP_NUM_THREADS", "ORT_NUM_THREADS", "MKL_NUM_THREADS")
    outputs = [
        subprocess.run([sys.executable, "-c", RUN, path], env=os.environ | dict.fromkeys(told, n), check=True,
                       capture_output=True).stdout
        for n in ("1", "4")
    ]  # fmt: skip
    assert outputs[0] == outputs[1] and len(outputs[0]) > 10_000


def test_color_has_the_bits_of_torch(save):
    path = save("color", replace(open_model(save()).header, **AS_STORED))
    model, reference = open_model(path), TorchModel(*load_model(path))
    assert model.engine == "numpy"
    even = np.full((3, 32, 32), 7, np.uint8)
    for images in (images_of(3, 64, 96), images_of(1, 1024, 1056), [even], [np.zeros_like(even), even + 248]):
        found, expected = model.run(images), reference.run(images)
        assert found.logits.dtype == np.float64 and found.feature_map is found.logit_map is None
        assert np.array_equal(found.logits, expected.logits)
        torchs = torch.from_numpy(expected.logits).softmax(1).round(decimals=8).numpy()
        assert np.array_equal(probabilities_of(found.logits), torchs)


def test_probabilities_are_float64_and_of_float32_logits_unrounded():
    logits = np.array([[0, 1, -2], [700, 0, 800]], np.float32)
    expected = torch.from_numpy(logits).double().softmax(1).numpy()
    assert probabilities_of(logits) == pytest.approx(expected, abs=1e-15) and probabilities_of(logits)[1, 2] == 1


def test_each_network_has_its_engine(save):
    assert [open_model(save(name)).engine for name in ("resnet10", "color", "resnet18")] == [
        "ONNX Runtime", "numpy", "torch",
    ]  # fmt: skip


def test_a_resnet_with_layers_of_its_own_runs_in_torch_which_knows_them_or_says_so(save):
    path = save()
    with safetensors.safe_open(path, "pt") as file:
        weights, header = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()[KEY]
    save_file(weights | {"extra.weight": torch.zeros(3)}, path, {KEY: header})
    with pytest.raises(InputError, match=r"extra\.weight"):
        open_model(path)


def test_a_network_in_memory_runs_as_its_file_does(save):
    for name in ("resnet10", "resnet18", "color"):
        path, images = save(name), images_of(2, 64, 64)
        from_memory = serve(*load_model(path))
        assert from_memory.engine == open_model(path).engine
        assert np.array_equal(from_memory.run(images).logits, open_model(path).run(images).logits)


def test_a_model_cut_short_is_an_error_that_says_what_to_do(save):
    path = save()
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(InputError, match=r"is not a model of lowpower \(.*incomplete.*\); delete it and run snakemake"):
        open_model(path)


def test_predicting_imports_torch_only_where_it_is_needed():
    program = (
        "import sys, lowpower.inference.prediction; print(*({'torch', 'torchvision', 'pandas'} & sys.modules.keys()))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout == "\n"
