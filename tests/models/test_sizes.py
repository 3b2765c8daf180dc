"""What planning knows of files without torch, held against files that were written and networks that were built."""

import pytest
import torch
from region_images import CLASSES
from torch.utils.flop_counter import FlopCounterMode
from training_runs import record

from lowpower.files import read_rows
from lowpower.inference.prediction import predict
from lowpower.model_header import ModelHeader
from lowpower.models import networks, recording
from lowpower.models.model_file import save_model
from lowpower.planning.workload import _PRICE
from lowpower.sizes import _MAP_BYTES, MAP_TYPE, model_mb, predictions_mb, recording_mb

pytestmark = pytest.mark.slow


def mb_of(path):
    return path.stat().st_size / 1e6


@pytest.mark.parametrize(("views", "network"), [(1, "resnet10"), (6, "resnet10"), (2, "tf_efficientnet_lite0")])
def test_a_recording_is_as_large_as_planned(cohort, views, network):
    if network != "resnet10":
        header = ModelHeader(classes=CLASSES, mean=[0.5] * 3, std=[0.2] * 3, fingerprint="cafe")
        save_model(cohort / "teacher/model.safetensors", networks.build(network, 2, 0), header)
    trained = {row["slide"] for row in read_rows(cohort / "splits.csv") if row["split"] == "train"}
    regions = [row for row in read_rows(cohort / "regions/10x.csv") if row["slide"] in trained]
    megapixels = sum(int(row["width"]) * int(row["height"]) for row in regions) / 1e6 / len(regions)
    planned = recording_mb(len(regions), views=views, megapixels=megapixels, classes=len(CLASSES), network=network)
    assert planned == pytest.approx(mb_of(record(cohort, views=views)), rel=0.06)
    assert torch.empty(1, dtype=recording.STORED).element_size() == _MAP_BYTES and str(recording.STORED).endswith(
        MAP_TYPE
    )


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_a_model_is_as_large_and_as_dear_as_planned(tmp_path, name):
    for classes in (2, 9):
        network = networks.empty(name, classes)
        save_model(tmp_path / "model.safetensors", network, ModelHeader(classes=[f"class {k}" for k in range(classes)]))
        assert model_mb(name, classes) == pytest.approx(mb_of(tmp_path / "model.safetensors"), rel=0.01, abs=0.005)
    if name in _PRICE:
        with FlopCounterMode(display=False) as counted, torch.no_grad():
            network(torch.zeros(1, 3, 256, 256))
        assert counted.get_total_flops() / 256**2 / 10_032 == pytest.approx(_PRICE[name], rel=0.01)


def test_predictions_are_as_large_as_planned(cohort):
    model, table = cohort / "teacher/model.safetensors", cohort / "predictions.parquet"
    predict(
        model,
        index=cohort / "regions/10x.csv",
        splits=cohort / "splits.csv",
        seed=0,
        predicted=["train", "val", "test"],
        megapixels=1,
        gpu=False,
        predictions=table,
    )
    assert predictions_mb(len(read_rows(cohort / "regions/10x.csv")), len(CLASSES)) == pytest.approx(
        mb_of(table), rel=0.3
    )
