"""Where the evidence lies: the head of a network, applied at each position of its last map.

The head is linear and reads the mean of the map, so the mean of this map of logits is the logits of the region: each
position's part in the answer is exact. (Class activation maps, Zhou et al., arXiv 1512.04150, leave out the bias.)
"""

import torch.nn.functional as F
from torch import Tensor, nn


def logit_map(network: nn.Module, feature_map: Tensor | None) -> Tensor | None:
    """Apply the head at each position of a feature map: (B, C, h, w) -> logits (B, classes, h, w).

    None for a network without a map, which sees a region only as a whole (color).
    """
    if feature_map is None:
        return None
    return F.conv2d(feature_map, network.head.weight[..., None, None], network.head.bias)
