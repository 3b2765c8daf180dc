"""Magnification as a scale of pixels, not a lens: 10x means 1.0 µm per pixel, 5x means 2.0.

A stored level of a slide file is called a level, never a magnification.
"""

from decimal import Decimal

MPP_AT_1X = 10.0  # µm per pixel at 1x, by the convention that 40x is 0.25 and 10x is 1.0
WHOLE = 0.02  # scales within 2 % of a whole reduction are reduced by that whole number
WRITTEN = 1e-3  # tolerance for rounded magnifications: 1.667 is 10 / 6; reductions up to 448 stay distinct


def mpp_of(magnification: float) -> float:
    """Micrometres per pixel at a magnification: ``mpp_of(10) == 1.0``."""
    return MPP_AT_1X / magnification


def name_of(magnification: float) -> str:
    """Name in paths and tables: ``name_of(2.5) == "2.5x"``, ``name_of(10.0) == "10x"``.

    It has all digits, so ``parse`` returns exactly the same number: 10 / 6 is 1.6666666666666667x.
    """
    return f"{Decimal(repr(float(magnification))):f}".removesuffix(".0") + "x"


def parse(name: str) -> float:
    """Convert a name to a magnification: ``parse("2.5x") == 2.5``."""
    return float(name.removesuffix("x"))


def describe(magnification: float) -> str:
    """Readable form, to six digits: ``describe(10) == "10x (1.0 µm/px)"``."""
    mpp = mpp_of(magnification)
    text = f"{mpp:.3g}" if mpp < 100 else f"{mpp:.0f}"
    return f"{magnification:g}x ({text if '.' in text else f'{text}.0'} µm/px)"


def whole_reduction(scale: float) -> int | None:
    """Round a scale to a whole reduction if it is close to one, else return None.

    scale: source pixels per target pixel along a side, for example target mpp / source mpp.
    Returns n >= 1 with ``abs(scale / n - 1) <= .02``, else None.
    """
    n = max(1, round(scale))
    return n if abs(scale / n - 1) <= WHOLE + 1e-9 else None


def exact_magnification(high: float, low: float) -> float:
    """Restore all digits of ``low`` if it was rounded: ``exact_magnification(10, 1.6667) == 10 / 6``.

    It counts as rounded if it is a whole reduction of ``high`` to within one part in 1,000; else it is unchanged.
    """
    exact = high / max(1, round(high / low))
    return exact if low != exact and abs(low / exact - 1) <= WRITTEN else low


def reduction_between(high: float, low: float) -> int:
    """Number of pixels at magnification ``high`` per pixel at ``low``, along a side.

    Raises ValueError unless the ratio is a whole number of at least 1, because regions at two magnifications are paired
    pixel by pixel.
    """
    ratio = high / low
    n = round(ratio)
    if n < 1 or abs(ratio - n) > 1e-9:
        raise ValueError(f"{high:g}x to {low:g}x is a reduction by {ratio:g}, not by a whole number of at least 1")
    return n
