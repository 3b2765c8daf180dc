"""Values that validation data chose for one model: those of results.csv and referral.csv, for its package."""

from collections.abc import Sequence

import numpy as np

from lowpower.config.package import Choices, Referral
from lowpower.evaluation.referral_thresholds import Pair, chosen_threshold, pair_of, threshold_for
from lowpower.evaluation.units import Judged
from lowpower.tables.referral_results import SHARES
from lowpower.tables.referral_table import CHOSEN
from lowpower.tables.result_rows import chosen_of


def choices_of(judged: Sequence[Judged], positive: int | None, has_teacher: bool) -> list[Choices]:
    """Return the choices for each kind of unit and of pixels that the model was validated on.

    judged: validation units of the model and, with ``has_teacher``, of its teacher, as from ``read_judged``. positive:
    number of the positive class, if any. The teacher always reads area means.
    """
    means = {one.kind["per"]: one for one in judged if one.kind["pixels"] == "averaged"}
    choices = []
    for one in judged:
        units, per = one.of_models[0], one.kind["per"]
        if units is None or not units.ids:
            continue
        chosen = chosen_of(one, 0, positive)
        pair = None
        if has_teacher and means[per].of_models[1]:
            pair = pair_of(Judged(one.kind, one.patients, [units, means[per].of_models[1]]), 0, 1)
        choices.append(
            Choices(
                per=per,
                pixels=one.kind["pixels"],
                units=len(units.ids),
                aggregation=units.way,
                temperature=chosen.temperature,
                threshold=chosen.threshold,
                referral=_referrals(pair) if pair and len(pair.confidence) else [],
            )
        )
    return choices


def _referrals(pair: Pair) -> list[Referral]:
    """Thresholds of referral for each share of referral.csv, and the chosen one, with the share each refers here."""
    thresholds = {str(share): threshold_for(pair.confidence, share / 100) for share in SHARES}
    thresholds[CHOSEN] = chosen_threshold(pair)
    return [
        Referral(
            asked=asked,
            threshold=None if np.isposinf(threshold) else threshold,
            share=float(np.mean(pair.confidence < threshold)),
        )
        for asked, threshold in thresholds.items()
    ]
