"""Settings of augmentation, of training, and of one training stage."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.settings import REQUIRED, Settings, setting

BagsKind = Literal["none", "mean", "attention"]


@dataclass(frozen=True, kw_only=True)
class Augmentation(Settings):
    """Random changes of color and orientation that make one view of a region."""

    brightness: float = setting(
        0.5, "Largest change of brightness; 0.2 draws factors from 0.8 to 1.2.", minimum=0, maximum=1
    )
    contrast: float = setting(
        0.5, "Largest change of contrast; 0.2 draws factors from 0.8 to 1.2.", minimum=0, maximum=1
    )
    saturation: float = setting(
        0.5, "Largest change of saturation; 0.2 draws factors from 0.8 to 1.2.", minimum=0, maximum=1
    )
    hue: float = setting(
        0.2, "Largest shift of hue in either direction, in turns of the color circle.", minimum=0, maximum=0.5
    )
    flip: bool = setting(True, "Flip left-right and top-bottom at random.")
    quarter_turns: bool = setting(False, "Turn by 0 to 3 quarter turns at random (not in the released code).")


@dataclass(frozen=True, kw_only=True)
class Training(Settings):
    """Optimizer settings of every model; a row may have its own steps and batch."""

    steps: int = setting(4000, "Optimizer steps of every model, fine-tuning included.", minimum=1)
    batch: int = setting(32, "Regions per optimizer step; slides, where training is on bags.", minimum=1)
    bags: BagsKind = setting(
        "none",
        "What a label is learned from, where a slide's label does not hold for each of its regions. none: each region "
        "has its slide's label; mean: the mean of the logits of a slide's regions; attention: their mean with learned "
        "weights, gated attention (docs/method.md).",
    )
    bag_regions: int = setting(
        16,
        "Regions drawn from each slide in an optimizer step on bags; smaller slides are drawn whole.",
        minimum=1,
    )
    balance: Literal["none", "loss", "sampling"] = setting(
        "none",
        "Classes of unequal frequency in training on labels. loss: cross-entropy is weighted by class, inversely to "
        "its number of training regions (of slides, on bags); sampling: every class is drawn equally often.",
    )
    learning_rate: float = setting(0.001, "Constant learning rate of Adam.", exclusiveMinimum=0)
    weight_decay: float = setting(0.0001, "L2 penalty of Adam, as in the released code.", minimum=0)
    evaluate_every: int = setting(
        200,
        "Steps between validations; the last step is also validated. The weights with the lowest validation log loss "
        "are kept.",
        minimum=1,
    )
    processes: int = setting(
        1,
        "Number of processes, each on its own core or GPU, that share every batch. Another number rounds differently, "
        "so models are trained again.",
        minimum=1,
        maximum=64,
    )
    memory_mb: int = setting(
        2000,
        "Memory in MB per process for decoded regions and replayed views; those that do not fit are read again from "
        "disk.",
        minimum=1,
    )
    precision: Literal["float32", "bfloat16"] = setting(
        "float32",
        "Number format of training. bfloat16 is less exact but faster on GPUs and on CPUs that support it "
        "(docs/performance.md); recordings and predictions are always float32.",
    )
    channels_last: bool = setting(
        False,
        "Memory layout of training: pixel by pixel instead of channel by channel, which is faster on some machines "
        "(docs/performance.md).",
    )
    megapixels_per_pass: float = setting(
        4,
        "Largest number of megapixels in one pass of the network, over regions of the same size; lower it if memory "
        "runs out.",
        exclusiveMinimum=0,
    )


@dataclass(frozen=True, kw_only=True)
class Stage(Settings):
    """One training stage of a row."""

    images: Literal["labeled", "all"] = setting(
        REQUIRED, "labeled: the labeled regions; all: labeled and unlabeled ones, no label used."
    )
    batches_per_step: int = setting(
        1,
        "Number of batches, of training.batch regions each (or of the row's own batch), in one optimizer step.",
        formerly="looks",
        minimum=1,
        maximum=64,
    )
    lr_multiplier: float = setting(
        1,
        "Factor on training.learning_rate in this stage, such as 4 with 16 batches per step (docs/experiments.md).",
        formerly="rate",
        exclusiveMinimum=0,
    )
    ema_decay: float = setting(
        0,
        "Decay, such as 0.995, of an exponential moving average of the weights, which is validated and kept in their "
        "place; 0 for no average.",
        formerly="average",
        minimum=0,
        exclusiveMaximum=1,
    )
