"""Settings of slides, tissue and regions."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.settings import Settings, setting

LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, kw_only=True)
class Demo(Settings):
    """Drawn tissue of a demo cohort."""

    seed: int = setting(0, "Seed of the drawn tissue.", minimum=0, maximum=LARGEST_SEED)
    pieces: int = setting(12, "Pieces of tissue on each slide.", minimum=1, maximum=24)
    piece_px: int = setting(256, "Side of a piece of tissue in pixels at 10x (1.0 µm/px).", minimum=64, maximum=2048)
    contrast: float = setting(
        1.0,
        "Difference of the fine evidence between the classes. 0 is the negative control, on which the teacher must "
        "fail too.",
        minimum=0,
        maximum=1,
    )
    leak: float = setting(
        0.0,
        "Share of the fine evidence that also changes the mean color and so is visible at low magnification; 0 for "
        "none.",
        minimum=0,
        maximum=1,
    )
    focus: list[float] = setting(
        [0.1, 0.3],
        "Smallest and largest share of the tissue that holds the fine evidence.",
        minItems=2,
        maxItems=2,
        items={"exclusiveMinimum": 0, "maximum": 1},
    )
    pieces_with_focus: float = setting(
        1.0,
        "Share of the pieces of a slide of an atypical class that hold the fine evidence, at least one piece; the "
        "others look regular.",
        exclusiveMinimum=0,
        maximum=1,
    )
    sizes: Literal["pleomorphic", "matched"] = setting(
        "pleomorphic", "Width of atypical nuclei: 1.05 to 1.7 times that of regular ones, or matched, the same."
    )
    equalized_um: Literal[0, 2, 4, 8] = setting(
        0,
        "Width in µm of the windows whose mean color does not depend on the phenotype, nor does that of windows of "
        "whole multiples; 0 for none.",
    )


@dataclass(frozen=True, kw_only=True)
class Tissue(Settings):
    """Tissue detection on a slide."""

    mask_mpp: float = setting(8, "Scale of the mask in µm per pixel.", minimum=1, maximum=64)
    min_area_um2: float = setting(10000, "Area in µm² of the smallest piece of tissue that is kept.", minimum=0)
    close_um: float = setting(32, "Width in µm up to which gaps are closed, approximately.", minimum=0)
    max_hole_um2: float = setting(
        20000,
        "Area in µm² below which holes are filled; the default fills single fat cells and leaves large lumina.",
        minimum=0,
    )
    faint_um: float = setting(
        64, "Distance in µm from clear stain within which faint stain counts as tissue.", minimum=0
    )
    pen_um: float = setting(
        100,
        "Width in µm of the thinnest strokes of red, green, blue or black ink that are excluded, approximately. 0 "
        "turns ink detection off, for stains other than hematoxylin and eosin; if such a stain is clear, lowpower "
        "turns it off with a warning.",
        minimum=0,
    )


@dataclass(frozen=True, kw_only=True)
class Grid(Settings):
    """Fields of view of unit grid."""

    size_um: float = setting(
        256,
        "Side of a field of view in µm; in teacher pixels, a multiple of 32 x the largest reduction.",
        exclusiveMinimum=0,
    )
    stride_um: float = setting(
        0, "Distance in µm from one field to the next; 0 means size_um: fields touch without overlap.", minimum=0
    )
    min_tissue: float = setting(0.5, "Minimum share of tissue in a field.", minimum=0, maximum=1)
