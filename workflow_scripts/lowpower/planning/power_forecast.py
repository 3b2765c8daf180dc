"""Forecast of the margins that a study's test patients can prove, before any training."""

from collections.abc import Iterator

from lowpower.evaluation.power import least_margin, smallest_margin
from lowpower.text import count_of

DIFFERING = (0.03, 0.05, 0.08)  # shares of patients on whom two models differ
POWER = 0.8
FEW = 30  # test patients: nominal 95 % intervals cover 89 % with 20 patients, 93 % with 32


def power_lines(patients: int, confidence: float) -> Iterator[str]:
    """Smallest non-inferiority margins that the test patients can show, and a warning if they are few."""
    if patients > 1:
        margins = " / ".join(f"{100 * smallest_margin(patients, share, confidence, POWER):.1f}" for share in DIFFERING)
        shares = " / ".join(f"{100 * share:g}" for share in DIFFERING)
        yield (
            f"{count_of(patients, 'test patient')}: where a student is as good as its teacher, and {shares} % of the "
            f"patients' answers differ between them, {100 * POWER:g} of 100 such studies show that it is within "
            f"{margins} points; no study of this size shows less than {100 * least_margin(patients, confidence):.1f}"
        )
    if patients < FEW:
        yield (
            f"WARNING: {count_of(patients, 'test patient')} are fewer than {FEW}: hardly any claim can be tested, and "
            "intervals miss the truth more often than they say; test more patients (`split`, or more slides)"
        )
