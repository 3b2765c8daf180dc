"""What a student is asked to match. Each loss is a pure function; the teacher's side never gets a gradient.

Source: DiPalma et al., arXiv 2101.04170, and their released code.
"""

import torch.nn.functional as F
from torch import Tensor


def kl_divergence(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """KL(softmax(teacher / T) || softmax(student / T)) * T², mean over the batch (Hinton et al., arXiv 1503.02531).

    student, teacher: logits (B, classes). Zero where both agree.
    """
    expected = F.log_softmax(teacher.detach() / temperature, 1)
    found = F.log_softmax(student / temperature, 1)
    return F.kl_div(found, expected, reduction="batchmean", log_target=True) * temperature**2


def map_difference(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of two last maps on one grid.

    student, teacher: (B, 256, h, w); the teacher's is pooled to the student's grid before (``pool_map``).
    """
    return F.mse_loss(student, teacher.detach())


def pool_map(last_map: Tensor, factor: int, pooling: str) -> Tensor:
    """A map on a grid ``factor`` times coarser, by the maximum or the mean of factor x factor positions.

    last_map: ([B,] C, h, w) with h and w multiples of factor -> ([B,] C, h / factor, w / factor). The teacher is pooled
    down and the student never enlarged: slower, and its backward pass is not deterministic on CUDA.
    """
    if factor == 1:
        return last_map
    return {"max": F.max_pool2d, "mean": F.avg_pool2d}[pooling](last_map, factor)
