"""Evidence adds up to the answer, and lies where the network saw it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from evidence_files import CLASSES, region_at

from lowpower.models import networks
from lowpower.models.logit_map import logit_map
from lowpower.reading.evidence import POSITION, RegionEvidence, edges, evidence_of, paint, probabilities_at


def test_evidence_averages_to_the_answer_of_the_region():
    region = region_at(0, 0, 96, 64, 2, 3)
    means = evidence_of(region.logits.astype(np.float64)).mean((1, 2))
    assert abs(means.sum()) < 1e-12
    assert np.exp(means) / np.exp(means).sum() == pytest.approx(region.probabilities, abs=1e-12)
    assert np.abs(evidence_of(region.logits).sum(0)).max() < 1e-5


def test_probabilities_of_large_logits_are_finite_and_add_to_one():
    logits = np.array([1000.0, -1000.0, 999.0], np.float32).reshape(3, 1, 1)
    probabilities = probabilities_at(logits)
    assert probabilities.sum(0) == pytest.approx(1)
    assert probabilities.ravel() == pytest.approx([0.731059, 0, 0.268941], abs=1e-6)


def test_positions_cover_a_region_without_gaps():
    assert edges(100, 32, 1).tolist() == [100, 132]
    borders = edges(100, 128, 4)
    assert borders.tolist() == [100, 116.5, 148.5, 180.5, 228]  # around pixels 0, 32, 64, 96


def test_a_picture_shows_at_each_place_the_position_that_lies_there():
    region = region_at(100, 200, 128, 64, 2, 4)
    painted = paint([region], len(CLASSES), (90, 190, 240, 280), (150, 90))  # one pixel of the picture per pixel
    outside = np.isnan(painted)
    assert (outside == outside[0]).all()
    assert (~outside[0]).sum() == 128 * 64 and not outside[0, 10:74, 10:138].any()
    expected = evidence_of(region.logits)
    for (x, y), (i, j) in {(100, 200): (0, 0), (115, 215): (0, 0), (117, 217): (1, 1), (227, 263): (1, 3)}.items():
        assert (painted[:, y - 190, x - 90] == expected[:, i, j]).all()


def test_regions_that_overlap_share_and_regions_beyond_the_picture_are_cut():
    one, other = region_at(0, 0, 64, 64, 2, 2), region_at(0, 0, 64, 64, 2, 2, seed=1)
    both = paint([one, other], len(CLASSES), (32, 32, 96, 96), (64, 64))
    assert np.isnan(both[:, 32:, :]).all() and np.isnan(both[:, :, 32:]).all()
    assert both[:, 0, 0] == pytest.approx((evidence_of(one.logits) + evidence_of(other.logits))[:, 1, 1] / 2, abs=1e-6)
    assert np.isnan(paint([replace(one, logits=None)], 3, (0, 0, 64, 64), (8, 8))).all()


@pytest.mark.slow
@torch.no_grad()
def test_evidence_of_a_spot_lies_on_the_spot():
    """The centroid of what a spot changes, over many spots, is where the spots are: not half a position beside."""
    network = networks.build("resnet10", 2, seed=0).eval()
    network.double()
    draw = torch.Generator().manual_seed(0)
    plain = torch.randn(1, 3, 384, 384, generator=draw, dtype=torch.float64)
    before = logit_map(network, network(plain)[1])[0]
    misses = []
    for at in range(128, 256, 10):
        spotted = plain.clone()
        spotted[:, :, at - 8 : at + 8, at - 8 : at + 8] = 4
        change = logit_map(network, network(spotted)[1])[0] - before
        region = RegionEvidence(
            region="", x=0, y=0, width=384, height=384, probabilities=(), logits=change.numpy()
        )  # fmt: skip
        weight = np.abs(paint([region], 2, (0, 0, 384, 384), (384, 384))[0])
        weight = (weight - np.median(weight)).clip(0)
        places = np.arange(384) + 0.5
        misses.append([(weight.sum(axis) * places).sum() / weight.sum() - at for axis in (0, 1)])
    assert np.abs(np.mean(misses, 0)).max() < POSITION / 5
