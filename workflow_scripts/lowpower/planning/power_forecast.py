"""Forecast of the margins that a study's test patients can prove, before any training."""

from collections.abc import Iterator

from lowpower.evaluation.power import least_margin, smallest_margin
from lowpower.text import count_of

DIFFERING = (0.03, 0.05, 0.08)  # shares of patients on whom two models differ
POWER = 0.8
FEW = 30  # test patients: with fewer, no margin below 13.6 points can be shown


def power_lines(patients: int, confidence: float) -> Iterator[str]:
    """Smallest non-inferiority margins that the test patients can show, and a warning if they are few."""
    if patients > 1:
        margins = " / ".join(f"{100 * smallest_margin(patients, share, confidence, POWER):.1f}" for share in DIFFERING)
        shares = " / ".join(f"{100 * share:g}" for share in DIFFERING)
        yield (
            f"{count_of(patients, 'test patient')}: if a student is as good as its teacher and they differ on "
            f"{shares} % of patients, {100 * POWER:g} % of such studies show that the student is within "
            f"{margins} points; no study of this size can show less than {100 * least_margin(patients, confidence):.1f}"
        )
    if patients < FEW:
        yield (
            f"WARNING: {count_of(patients, 'test patient')} are fewer than {FEW}: hardly any claim can be tested, and "
            "intervals are wide; test more patients (`split`, or more slides)"
        )
