"""Synthetic two-scale tissue: H&E-like pieces whose class requires both a coarse and a fine scale.

Class = gland architecture (coarse: nuclei palisaded around lumina, or scattered in sheets between the same lumina) x
nuclear phenotype (fine: regular, or in one or two foci pleomorphic, with pale center, dark rim and nucleolus). Both
phenotypes absorb the same green light. How much of the phenotype larger pixels still show is a matter of the dials
``sizes`` and ``equalized_um`` (docs/method.md). Colors follow Beer-Lambert from maps of hematoxylin and eosin
concentration. Nuisances: stain batch, cell density, lymphocytes, smooth eosin, blur, noise.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from lowpower import rng
from lowpower.errors import InputError
from lowpower.log import say
from lowpower.slides.phantom_equalized import equalize
from lowpower.slides.phantom_nucleus import HEMATOXYLIN, MPP, disk, draw_shape, nucleus, stamp
from lowpower.slides.pyramid import write_slide
from lowpower.text import count_of

CLASSES = tuple(f"{a}_{p}" for a in ("palisade", "sheet") for p in ("regular", "atypical"))
EOSIN = np.array([0.07, 0.99, 0.11], np.float32)
BANK = 16  # different nuclei of each kind in a piece, each in four rotations
GAP_UM = 64  # bright background between pieces
BACKGROUND = 243
DARKEST = 12  # of equalized light: the noise, SD 2.5, clips no darker pixel


@dataclass(frozen=True)
class PhantomSettings:
    """The ``demo`` section of the config.

    pieces: number per slide. piece_px: side of a piece's box at 10x (1.0 µm/px). contrast: of the phenotypes, 0 to 1.
    leak: share of the fine evidence that also changes the mean color. focus: least and largest share of atypical
    nuclei in a piece. pieces_with_focus: share of the pieces with any, at least one piece. sizes: pleomorphic, or
    matched: atypical nuclei as wide as regular ones. equalized_um: width of the windows whose mean color does not
    depend on the phenotype; 0 for none.
    """

    seed: int = 0
    pieces: int = 12
    piece_px: int = 256
    contrast: float = 1.0
    leak: float = 0.0
    focus: tuple[float, float] = (0.1, 0.3)
    pieces_with_focus: float = 1.0
    sizes: str = "pleomorphic"
    equalized_um: int = 0


def make_slide(path: str | Path, slide: str, label: str, fault: str, settings: PhantomSettings) -> None:
    """Draw a slide and write its file; see ``draw_slide`` and ``pyramid.write_slide``."""
    image = draw_slide(slide, label, settings)
    write_slide(path, image, MPP, fault)
    flaw = f", made with the fault: {fault}" if fault else ""
    pieces, (height, width, _) = count_of(settings.pieces, "piece"), image.shape
    say(f"{slide}: {pieces} of {label}, {width:,} x {height:,} px{flaw}")


def draw_slide(slide: str, label: str, settings: PhantomSettings) -> np.ndarray:
    """Draw a slide at 20x, (H, W, 3) uint8: ``pieces`` pieces of one class in rows on a bright background."""
    if label not in CLASSES:
        raise InputError(f"slide {slide}: true_label is {label!r}; a demo slide is one of {', '.join(CLASSES)}")
    draw = rng.generator(settings.seed, "demo slide", slide)
    stain = draw.uniform(0.8, 1.2, 2).astype(np.float32)
    columns = int(np.ceil(np.sqrt(settings.pieces * 4 / 3)))
    rows = -(-settings.pieces // columns)
    side, gap = 2 * settings.piece_px, round(GAP_UM / MPP)
    shape = (gap + rows * (side + gap), gap + columns * (side + gap), 3)
    image = draw.integers(BACKGROUND - 3, BACKGROUND + 4, shape, np.uint8)
    with_focus = _pieces_with_focus(slide, settings)
    for k in range(settings.pieces):
        top, left = (gap + n * (side + gap) for n in divmod(k, columns))
        piece_draw = rng.generator(settings.seed, "demo piece", slide, k)
        of_piece = label if k in with_focus else label.replace("atypical", "regular")
        image[top : top + side, left : left + side] = draw_piece(piece_draw, of_piece, stain, settings)
    return image


def _pieces_with_focus(slide: str, settings: PhantomSettings) -> set[int]:
    """Numbers of the pieces of a slide that have atypical nuclei, if its class has any."""
    order = rng.generator(settings.seed, "demo foci", slide).permutation(settings.pieces)
    return set(order[: max(1, round(settings.pieces_with_focus * settings.pieces))].tolist())


def _smooth(draw: np.random.Generator, side: int, cell: int) -> np.ndarray:
    """Smooth noise (side, side), mean 0 and SD about 1, with features of about ``cell`` pixels."""
    coarse = draw.standard_normal((side // cell + 3, side // cell + 3)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def draw_piece(draw: np.random.Generator, label: str, stain: np.ndarray, settings: PhantomSettings) -> np.ndarray:
    """Draw a piece of tissue on a bright background. stain: (2,) strengths. Returns (2 piece_px)² x 3 uint8."""
    architecture, phenotype = label.split("_")
    side = 2 * settings.piece_px
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    # outline: a rounded square with a wavy edge that leaves the box in few places
    edge = np.minimum(np.minimum(x, side - 1 - x), np.minimum(y, side - 1 - y))
    tissue = np.clip((edge - 8 - 5 * _smooth(draw, side, 64)) / 3, 0, 1)
    centers, radii = _lumina(draw, side)
    lumen = np.zeros((side, side), bool)
    for center, radius in zip(centers, radii, strict=True):
        _open_lumen(lumen, center, radius, draw.uniform(0, 2 * np.pi))
    positions = _nuclei(draw, architecture, side, centers, radii)
    atypical = (
        _foci(draw, side, settings.focus, positions) if phenotype == "atypical" else np.zeros(len(positions), bool)
    )
    banks = _banks(draw, settings)
    stamps = [
        (px, py, int(kind), draw.integers(BANK), int(draw.integers(4)), np.float32(draw.uniform(0.8, 1.2)))
        for (px, py), kind in zip(positions, atypical, strict=True)
    ]
    dots = draw.uniform(20, side - 20, (draw.integers(4, 20), 2))  # lymphocytes: small, round, dark
    chromatin = 0.05 + 0.02 * _smooth(draw, side, 16)
    eosin = 0.42 + 0.10 * _smooth(draw, side, 96) + 0.05 * _smooth(draw, side, 12)
    eosin = np.where(lumen, 0.02, np.maximum(eosin, 0.05))

    def light_of(banks: list[list[np.ndarray]]) -> np.ndarray:
        pigment = np.zeros((side, side), np.float32)
        for px, py, kind, number, turns, strength in stamps:
            stamp(pigment, np.rot90(banks[kind][number], turns) * strength, px, py)
        for px, py in dots:
            stamp(pigment, 1.5 * disk(2.6 / MPP, 7, 1, 0)[1], px, py)
        pigment += chromatin
        pigment = np.where(lumen, 0.0, np.maximum(pigment, 0))
        blue, pink = pigment * stain[0] * tissue, eosin * stain[1] * tissue
        density = blue[..., None] * HEMATOXYLIN + pink[..., None] * EOSIN
        return ndimage.gaussian_filter(BACKGROUND * np.exp(-density), (0.8, 0.8, 0))

    light = light_of(banks[:2])
    if settings.equalized_um and atypical.any():
        twin = light_of([banks[0], banks[2]])
        inner = ((tissue == 1) & ~lumen)[..., None]
        least, most = np.where(inner, np.minimum(DARKEST - twin, 0), 0), np.where(inner, BACKGROUND - twin, 0)
        # after blur, so that the bound holds for what is drawn; before noise, which is the same for both
        light = twin + equalize(light - twin, round(settings.equalized_um / MPP), least, most)
    light += draw.standard_normal(light.shape, np.float32) * 2.5
    return np.clip(light, 0, 255).astype(np.uint8)


def _banks(draw: np.random.Generator, settings: PhantomSettings) -> list[list[np.ndarray]]:
    """Draw the different nuclei of a piece: regular, atypical, and regular twins of the atypical ones."""
    regular, atypical = ([draw_shape(draw) for _ in range(BANK)] for _ in range(2))
    if settings.sizes == "matched" or settings.equalized_um:  # with other shapes, a piece would hold twice as many
        atypical = regular
    if settings.sizes == "matched":
        atypical = [replace(shape, size=1) for shape in atypical]
    leak = settings.leak if settings.contrast else 0
    kinds = ((regular, 0, 0), (atypical, settings.contrast, leak), (atypical, 0, leak))
    return [[nucleus(shape, contrast, leak) for shape in shapes] for shapes, contrast, leak in kinds]


def _lumina(draw: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Centers (n, 2) and radii (n,) of lumina, with room for nuclei between them."""
    cell = side // max(2, round(side * MPP / 85))
    grid = np.arange(cell // 2, side, cell)[: side // cell]
    centers = np.array([(cx, cy) for cy in grid for cx in grid]) + draw.uniform(-0.12, 0.12, (len(grid) ** 2, 2)) * cell
    is_kept = draw.random(len(centers)) < 0.8
    is_kept[draw.integers(len(centers))] = True
    return centers[is_kept], draw.uniform(11, 17, is_kept.sum()) / MPP


def _open_lumen(lumen: np.ndarray, center: np.ndarray, radius: float, turn: float) -> None:
    """Mark a lumen with a slightly three-lobed outline in lumen (side, side) bool."""
    (cx, cy), reach = np.round(center).astype(int), int(radius * 1.1) + 1
    left, top = max(0, cx - reach), max(0, cy - reach)
    window = lumen[top : cy + reach + 1, left : cx + reach + 1]
    y, x = np.mgrid[: window.shape[0], : window.shape[1]].astype(np.float32)
    y, x = y + top - cy, x + left - cx
    window |= np.hypot(x, y) < radius * (1 + 0.04 * np.sin(3 * np.arctan2(y, x) + turn))


def _nuclei(
    draw: np.random.Generator, architecture: str, side: int, centers: np.ndarray, radii: np.ndarray
) -> np.ndarray:
    """Positions (n, 2) of nuclei; both architectures have the same number."""
    spacing = draw.uniform(8.0, 9.5) / MPP
    rings = []
    for center, radius in zip(centers, radii, strict=True):
        for row in (0, 1, 2):
            r = radius + (6 + 9 * row) / MPP
            count = int(2 * np.pi * r / spacing)
            angle = draw.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count
            r = r + draw.normal(0, 0.6 / MPP, count)
            rings.append(center + np.stack([np.cos(angle), np.sin(angle)], 1) * r[:, None])
    ring = np.concatenate(rings)
    inside = (ring > 14).all(1) & (ring < side - 14).all(1)
    clear = np.all([np.hypot(*(ring - c).T) > r + 3 / MPP for c, r in zip(centers, radii, strict=True)], axis=0)
    ring = ring[inside & clear]
    if architecture == "palisade":
        return ring
    step = 10.0 / MPP
    grid = np.stack(np.meshgrid(np.arange(16, side - 16, step), np.arange(16, side - 16, step)), -1).reshape(-1, 2)
    grid = grid + draw.uniform(-0.35, 0.35, grid.shape) * step
    clear = np.all([np.hypot(*(grid - c).T) > r + 4 / MPP for c, r in zip(centers, radii, strict=True)], axis=0)
    grid = grid[clear]
    return grid[draw.permutation(len(grid))[: len(ring)]]


def _foci(draw: np.random.Generator, side: int, focus: tuple[float, float], positions: np.ndarray) -> np.ndarray:
    """True for nuclei in the one or two foci; their share of the nuclei is drawn from ``focus``."""
    share, count = draw.uniform(*focus), draw.integers(1, 3)
    centers = draw.uniform(0.15, 0.85, (count, 2)) * side
    distance = np.min([np.hypot(*(positions - center).T) for center in centers], axis=0)
    return distance <= np.sort(distance)[max(1, round(share * len(positions))) - 1]
