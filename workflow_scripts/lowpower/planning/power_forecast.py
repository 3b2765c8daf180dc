"""What a study's test patients can prove, told before anything is trained."""

from collections.abc import Iterator

from lowpower.evaluation.power import least_margin, smallest_margin
from lowpower.text import count_of

DIFFERING = (0.03, 0.05, 0.08)  # shares of the patients whose answers differ between two models
POWER = 0.8
FEW = 30  # test patients ; of 20, intervals that aim for 95 % cover 89 %, of 32 they cover 93 %


def power_lines(patients: int, confidence: float) -> Iterator[str]:
    """The smallest non-inferiority margins that test patients can show, and a warning where they are few."""
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
