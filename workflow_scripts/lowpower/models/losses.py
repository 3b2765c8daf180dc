"""Losses between student and teacher. Each is a pure function; no gradient flows to the teacher.

Source: DiPalma et al., arXiv 2101.04170, and their released code.
"""

import torch.nn.functional as F
from torch import Tensor


def kl_divergence(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """KL(softmax(teacher / T) || softmax(student / T)) * T², mean over the batch (Hinton et al., arXiv 1503.02531).

    student, teacher: logits (B, classes). Zero where both agree.
    """
    expected = F.log_softmax(teacher.detach() / temperature, 1)
    predicted = F.log_softmax(student / temperature, 1)
    return F.kl_div(predicted, expected, reduction="batchmean", log_target=True) * temperature**2


def feature_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of two feature maps on one grid.

    student, teacher: (B, C, h, w), the teacher's already pooled to the student's grid (``networks.pool_map``).
    """
    return F.mse_loss(student, teacher.detach())
