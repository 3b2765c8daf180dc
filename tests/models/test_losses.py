import pytest
import torch

from lowpower.models.losses import feature_loss, kl_divergence
from lowpower.models.networks import pool_map

EXACT = {"dtype": torch.float64}  # so that 1e-12 is far from rounding, and from any other formula


def draw(*shape, **how):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), **EXACT, **how)


def test_losses_are_zero_where_teacher_and_student_agree():
    logits, feature_map = draw(3, 4), draw(3, 8, 2, 2)
    assert kl_divergence(logits, logits.clone()).item() == pytest.approx(0, abs=1e-15)
    assert feature_loss(feature_map, feature_map).item() == 0


def test_kl_agrees_with_its_formula():
    student, teacher, t = torch.tensor([[1.0, 0.0, -1.0]], **EXACT), torch.tensor([[0.2, 0.7, 0.1]], **EXACT), 2.0
    p, q = (teacher / t).softmax(1), (student / t).softmax(1)
    assert kl_divergence(student, teacher, t).item() == pytest.approx(
        ((p * (p / q).log()).sum() * t * t).item(), rel=1e-12
    )
    assert kl_divergence(student, teacher).item() > 0


@pytest.mark.parametrize("loss, shape", [(kl_divergence, (2, 3)), (feature_loss, (2, 3, 4, 4))])
def test_the_gradient_reaches_the_student_only(loss, shape):
    student, teacher = draw(*shape, requires_grad=True), draw(2, *shape)[1].requires_grad_()
    loss(student, teacher).backward()
    assert teacher.grad is None
    assert student.grad.abs().sum() > 0


def test_a_map_is_pooled_where_it_lies():
    feature_map = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert pool_map(feature_map, 2, "max").flatten().tolist() == [5, 7, 13, 15]
    assert pool_map(feature_map, 2, "mean").flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert pool_map(feature_map, 1, "max") is feature_map


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_coarser_grids_follow_from_half_the_grid(pooling):
    feature_map = draw(2, 5, 8, 16)
    twice, once = pool_map(pool_map(feature_map, 2, pooling), 4, pooling), pool_map(feature_map, 8, pooling)
    torch.testing.assert_close(twice, once, rtol=0, atol=1e-14)  # means of 64 numbers of about 1
