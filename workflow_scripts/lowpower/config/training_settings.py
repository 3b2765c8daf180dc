"""Settings of augmentation and training."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class Augmentation(Settings):
    """Random changes of color and orientation that make one view of a region."""

    brightness: float = setting(0.5, "Brightness factors are drawn from 1 - this to 1 + this.", minimum=0, maximum=1)
    contrast: float = setting(0.5, "Contrast factors are drawn from 1 - this to 1 + this.", minimum=0, maximum=1)
    saturation: float = setting(0.5, "Saturation factors are drawn from 1 - this to 1 + this.", minimum=0, maximum=1)
    hue: float = setting(
        0.2, "Hue shifts are drawn from minus this to this, in turns of the color circle.", minimum=0, maximum=0.5
    )
    flip: bool = setting(True, "Flip left-right and top-bottom at random.")
    quarter_turns: bool = setting(False, "Turn by 0 to 3 quarter turns at random (not in the released code).")


@dataclass(frozen=True, kw_only=True)
class Training(Settings):
    """Optimizer settings, the same for every model."""

    steps: int = setting(4000, "Optimizer steps of every model, fine-tuning included.", minimum=1)
    batch: int = setting(32, "Regions per optimizer step.", minimum=1)
    learning_rate: float = setting(0.001, "Constant learning rate of Adam.", exclusiveMinimum=0)
    weight_decay: float = setting(0.0001, "L2 penalty of Adam, as in the released code.", minimum=0)
    evaluate_every: int = setting(
        200,
        "Steps between validations, of which the last step has one too; the weights with the lowest validation log "
        "loss are kept.",
        minimum=1,
    )
    processes: int = setting(
        1,
        "Processes, each with a core or a GPU of its own, that share every batch of a training. Another number "
        "rounds differently, so it trains anew.",
        minimum=1,
        maximum=64,
    )
    memory_mb: int = setting(
        2000,
        "Decoded regions and replayed views are kept in memory up to this many MB per process; beyond it they are "
        "read again.",
        minimum=1,
    )
    precision: Literal["float32", "bfloat16"] = setting(
        "float32",
        "Numbers in which the networks are trained. bfloat16 is quicker on CPUs that have it (docs/performance.md) "
        "and on GPUs, and less exact; recordings and predictions are float32 in either case.",
    )
    channels_last: bool = setting(
        False,
        "Pixel by pixel instead of channel by channel in memory while training, which some machines compute quicker "
        "(docs/performance.md).",
    )
    megapixels_per_pass: float = setting(
        4,
        "Regions of one size go through the network together up to this many megapixels; lower it when memory runs "
        "out.",
        exclusiveMinimum=0,
    )
