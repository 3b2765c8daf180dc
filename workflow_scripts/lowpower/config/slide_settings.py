"""Settings of slides, tissue and regions."""

from dataclasses import dataclass

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
        "How strongly the fine evidence differs between the classes. 0 is the negative control, in which the teacher "
        "must fail too.",
        minimum=0,
        maximum=1,
    )
    leak: float = setting(
        0.0,
        "Share of the fine evidence that also changes the mean color, so that low power can see it. 0 leaks nothing.",
        minimum=0,
        maximum=1,
    )
    focus: list[float] = setting(
        [0.1, 0.3],
        "Least and largest share of the tissue that carries the fine evidence.",
        minItems=2,
        maxItems=2,
        items={"exclusiveMinimum": 0, "maximum": 1},
    )


@dataclass(frozen=True, kw_only=True)
class Tissue(Settings):
    """Tissue detection on a slide."""

    mask_mpp: float = setting(8, "Scale of the mask in µm per pixel.", minimum=1, maximum=64)
    min_area_um2: float = setting(10000, "Smallest piece of tissue that is kept, in µm².", minimum=0)
    close_um: float = setting(32, "Gaps up to about this width, in µm, are closed.", minimum=0)
    max_hole_um2: float = setting(
        20000,
        "Holes smaller than this, in µm², are filled; the default fills single fat cells and leaves large lumina.",
        minimum=0,
    )
    faint_um: float = setting(64, "Distance in µm over which faint stain is followed from clear stain.", minimum=0)
    pen_um: float = setting(
        100,
        "Strokes of red, green, blue or black ink from about this width on, in µm, are no tissue. 0 looks for no "
        "ink, for stains other than hematoxylin and eosin; where these are clear, it is not looked for either, with "
        "a warning.",
        minimum=0,
    )


@dataclass(frozen=True, kw_only=True)
class Grid(Settings):
    """Fields of view of unit grid."""

    size_um: float = setting(
        256,
        "Side of a field of view in µm; in teacher pixels it must be a multiple of 32 x the largest reduction.",
        exclusiveMinimum=0,
    )
    stride_um: float = setting(
        0, "Distance between fields in µm; 0 means size_um, so that fields touch and do not overlap.", minimum=0
    )
    min_tissue: float = setting(0.5, "Least share of tissue in a field.", minimum=0, maximum=1)
