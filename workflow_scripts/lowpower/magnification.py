"""Magnification is a scale of pixels, not a lens: 10x means 1.0 µm per pixel, 5x means 2.0.

A stored level of a slide file is called a level, never a magnification.
"""

from decimal import Decimal

MPP_AT_1X = 10.0  # µm per pixel at 1x, the convention that makes 40x 0.25 and 10x 1.0
WHOLE = 0.02  # scales within 2 % of a whole reduction are reduced by that whole number
WRITTEN = 1e-3  # so far off a magnification may be written: 1.667 is 10 / 6, and reductions up to 448 stay apart


def mpp_of(magnification: float) -> float:
    """Micrometres per pixel at a magnification: ``mpp_of(10) == 1.0``."""
    return MPP_AT_1X / magnification


def name_of(magnification: float) -> str:
    """The name used in paths and tables: ``name_of(2.5) == "2.5x"``, ``name_of(10.0) == "10x"``.

    All its digits are there, so ``parse`` gives back the very number: 10 / 6 is 1.6666666666666667x.
    """
    return f"{Decimal(repr(float(magnification))):f}".removesuffix(".0") + "x"


def parse(name: str) -> float:
    """The magnification that a name stands for: ``parse("2.5x") == 2.5``."""
    return float(name.removesuffix("x"))


def describe(magnification: float) -> str:
    """The form printed for people: ``describe(10) == "10x (1.0 µm/px)"``, to six digits."""
    mpp = mpp_of(magnification)
    text = f"{mpp:.3g}" if mpp < 100 else f"{mpp:.0f}"
    return f"{magnification:g}x ({text if '.' in text else f'{text}.0'} µm/px)"


def whole_reduction(scale: float) -> int | None:
    """The whole number a scale stands for, or None.

    scale: how many source pixels make one target pixel along a side, for example target mpp / source mpp.
    Returns n >= 1 with ``abs(scale / n - 1) <= .02``, else None.
    """
    n = max(1, round(scale))
    return n if abs(scale / n - 1) <= WHOLE + 1e-9 else None


def written_out(high: float, low: float) -> float:
    """``low`` with all its digits where it was written to fewer: ``written_out(10, 1.6667) == 10 / 6``.

    That is where it is a whole reduction of ``high`` but for one part in 1,000; else it is returned as it is.
    """
    exact = high / max(1, round(high / low))
    return exact if low != exact and abs(low / exact - 1) <= WRITTEN else low


def reduction_between(high: float, low: float) -> int:
    """How many pixels at magnification ``high`` make one at ``low``, along a side.

    Raises ValueError unless the ratio is a whole number of at least 1: regions at two magnifications are paired
    pixel by pixel, which only whole reductions allow.
    """
    ratio = high / low
    n = round(ratio)
    if n < 1 or abs(ratio - n) > 1e-9:
        raise ValueError(f"{high:g}x to {low:g}x is a reduction by {ratio:g}, not by a whole number of at least 1")
    return n
