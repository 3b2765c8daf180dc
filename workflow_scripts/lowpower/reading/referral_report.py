"""What referral cost, and whether it referred as many slides as validation promised."""

from collections.abc import Sequence

from lowpower.evaluation.referral_share import LEVEL, is_unlike
from lowpower.magnification import describe
from lowpower.pages.banners import Banner
from lowpower.reading.reading_files import StoredReading
from lowpower.reading.referral import CHOSEN, Referring
from lowpower.text import count_of


def referral_banners(readings: Sequence[StoredReading], referring: Referring) -> list[Banner]:
    """Say what share was referred, its cost, and the promised share; then warn if the two are too far apart."""
    read = [reading.about for reading in readings if reading.about["state"] == "read"]
    if not read:
        return []
    referred = [about for about in read if max(about["student_answer"] or about["answer"]) < referring.threshold]
    failed = len(referred) - sum(bool(about["student_answer"]) for about in referred)
    high = sum(about["teacher_seconds"] for about in read)
    low = sum(about["seconds"] for about in read) - high
    share = f"{_percent(len(referred), len(read))} %"
    promise = f"{_percent(referring.promised, referring.units)} %"
    setting = "the share that it chose" if referring.asked == CHOSEN else f"asked for {referring.asked} %"
    parts = [
        f"Low power first: of {count_of(len(read), 'slide')} the student was not sure enough of {len(referred):,} "
        f"({share}), which the teacher read again at {describe(referring.teacher.about.magnification)}.",
        f"{failed:,} of these the teacher could not read: the student's answer stands." if failed else "",
        f"Seconds: {low:.1f} of the student for all, {high:.1f} of the teacher.",
        f"Validation promised {promise} ({referring.promised:,} of {count_of(referring.units, 'slide')}; {setting}).",
    ]
    banners = [Banner(" ".join(part for part in parts if part))]
    if is_unlike(len(referred), len(read), referring.promised, referring.units):
        text = (
            f"These slides are not like those of the study: {share} were referred, where validation promised "
            f"{promise}; slides like those of the study differ so much in less than {100 * LEVEL:g} of 100 sets. "
            "Compare scanner, stain and tissue with the model card in the package before you use any answer."
        )
        banners.append(Banner(text, "warning"))
    return banners


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "0.0"
