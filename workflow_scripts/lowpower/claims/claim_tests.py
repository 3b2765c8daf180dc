"""The table of claims: each is tested on test data as it is registered, with the time of its registration.

A claim holds where its p-value, adjusted by Holm's method over all tested and withdrawn claims, is at most
1 - confidence; it does not hold where its whole interval is on the other side; otherwise it is inconclusive. Claims
that the study cannot test are listed with the reason, as is every claim that was ever registered and then withdrawn.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lowpower.claims.claim import ResolvedClaim
from lowpower.claims.claims_table import FAILS, HOLDS, NOTE, NOTHING, OPEN, UNTESTED, in_short, sections
from lowpower.claims.registration import RegisterEntry, former_claims, standing
from lowpower.config.table_settings import Statistics
from lowpower.evaluation.accuracies import ACCURACIES, contrast_of_accuracies
from lowpower.evaluation.hypothesis_tests import (
    ONE_SIDED,
    Outcome,
    contrast,
    holm,
    mcnemar,
    outcome,
    patient_differences,
    slope_weights,
)
from lowpower.evaluation.power import FEWEST, least_margin
from lowpower.evaluation.sampling import Sample, draw_patients, sample
from lowpower.evaluation.units import Judged, Units
from lowpower.evaluation.variance_components import estimate, undecided_variance
from lowpower.files import CsvRow, write_rows
from lowpower.log import say
from lowpower.tables.layout import number, write_texts
from lowpower.tables.units_file import read_judged

COLUMNS = [
    *("id", "claim", "source", "verdict", "why", "registered", "row", "against", "test", "metric", "per", "margin"),
    *("patients", "n", "seeds", "estimate", "low", "high", "p", "p_holm"),
    *("only_row_right", "only_against_right", "p_mcnemar", *ACCURACIES, "figure"),
]


def judge_claims(
    claims: Sequence[ResolvedClaim],
    register: Sequence[str | Path],
    units: str | Path,
    folders: Sequence[str],
    statistics: Statistics,
    cohort: str,
    csv: str | Path,
    md: str | Path,
    tex: str | Path,
) -> None:
    """Write the table of claims as CSV, Markdown and LaTeX.

    claims: as resolved for the study, with arms or with the reason for no test. register: its entries, oldest first.
    units: units.parquet. folders: of the models in the claims. cohort: name of the study's.
    """
    entries = [RegisterEntry.read(path) for path in register]
    rows = claim_rows(claims, entries, read_judged(units, folders, ["test"]), folders, statistics, cohort)
    write_rows(csv, COLUMNS, rows)
    write_texts(md, tex, sections(rows), NOTE if rows else NOTHING)
    say(in_short(rows))


def claim_rows(
    claims: Sequence[ResolvedClaim],
    entries: Sequence[RegisterEntry],
    judged: Sequence[Judged],
    folders: Sequence[str],
    statistics: Statistics,
    cohort: str,
) -> list[CsvRow]:
    """The rows of claims.csv as text, in the order of the file; withdrawn claims come last."""
    kinds = {(one.kind["per"], one.kind["pixels"]): one for one in judged}
    confidence = statistics.confidence
    stood = standing(entries)
    rows: list[CsvRow] = []
    outcomes: dict[int, Outcome] = {}  # by row
    for claim in claims:
        registered = stood[claim.id]
        tested = _tested(claim, kinds, list(folders), statistics)
        if not isinstance(tested, str):
            cells, outcomes[len(rows)] = tested
            rows.append(_about(asdict(claim), registered) | cells)
        else:
            rows.append(_about(asdict(claim), registered) | {"verdict": UNTESTED, "why": tested})
    former = former_claims(entries)
    counted = sum(claim.counts and _is_of(claim.written, cohort) for claim in former)  # each as a test that failed
    adjusted_p = holm([found.p for found in outcomes.values()] + [1.0] * counted)
    for k, adjusted in zip(outcomes, adjusted_p, strict=False):
        verdict, why = _verdict(claims[k], outcomes[k], adjusted, len(adjusted_p), confidence)
        alone = "" if rows[k]["seeds"] != "1" else "one seed: these models alone, not their methods"
        rows[k] |= {"p_holm": number(adjusted, 4), "verdict": verdict, "why": "; ".join(filter(None, (why, alone)))}
    return rows + [
        _about(claim.written, claim.registered) | {"verdict": UNTESTED, "why": claim.why} for claim in former
    ]


def _is_of(claim: Mapping[str, Any], cohort: str) -> bool:
    """True if a claim, as written, can be tested and is about this cohort."""
    return claim["test"] != "none" and (not claim.get("cohorts") or cohort in claim["cohorts"])


def _about(claim: Mapping[str, Any], registered: str) -> CsvRow:
    """Cells of a claim that do not depend on its test. claim: as resolved or, if withdrawn, as written."""
    known = {key: claim.get(key, "") for key in ("id", "claim", "source", "test", "metric", "per", "figure")}
    margin = number(claim.get("margin"), 4)
    return dict.fromkeys(COLUMNS, "") | known | {"registered": registered, "margin": margin}


def _tested(
    claim: ResolvedClaim, kinds: dict[tuple[str, str], Judged], folders: list[str], statistics: Statistics
) -> tuple[CsvRow, Outcome] | str:
    """Cells and outcome of a claim, or the reason why it is not tested."""
    if claim.why:
        return claim.why
    per, confidence = claim.per, statistics.confidence
    wanted = [(per, arm.pixels) for arm in claim.arms]
    if not kinds.keys() >= set(wanted):
        return "labels here are of slides, not of regions" if per == "region" else "no test patient has a known class"
    ones = [kinds[key] for key in wanted]
    seeds = [  # for each seed, the units of each arm
        [_units_of(one, folders.index(folder)) for one, folder in zip(ones, of_seed, strict=True)]
        for of_seed in zip(*(arm.folders for arm in claim.arms), strict=True)
    ]
    counted = sorted({patient for models in seeds for units in models for patient in units.patients})
    if too_few := _too_few(claim, len(counted), confidence):
        return too_few
    weights = slope_weights(len(ones)) if claim.test == "trend" else [1, -1]
    patients = ones[0].patients
    drawn = draw_patients(patients, statistics.draws)

    def value_of(models: Sequence[Units]) -> Sample:
        found = [sample(units, patients, drawn, statistics.rank_draws)[claim.metric] for units in models]
        return contrast(found, weights)

    undecided = undecided_variance(patient_differences(seeds, weights), len(counted))
    value = estimate([value_of(models) for models in seeds], len(counted), float(undecided))
    if np.isnan(float(value.point)):  # type: ignore[arg-type]
        return f"{claim.metric} is not defined on these test data"
    found = outcome(value, claim.test, claim.margin or 0.0, confidence)
    cells = {
        "row": claim.arms[0].name if claim.test != "trend" else "; ".join(arm.name for arm in claim.arms),
        "against": "" if claim.test == "trend" else claim.arms[1].name,
        "patients": str(len(counted)),
        "n": str(len({unit for models in seeds for unit in models[0].ids})),
        "seeds": str(len(seeds)),
        **{name: number(getattr(found, name), 4) for name in ("estimate", "low", "high", "p")},
    }
    three = {name: number(value, 4) for name, value in contrast_of_accuracies(seeds, weights).items()}
    return cells | _mcnemar(claim, seeds) | three, found


def _units_of(judged: Judged, model: int) -> Units:
    """Units of the model with this number; a claim names no model without units."""
    units = judged.of_models[model]
    assert units is not None
    return units


def _too_few(claim: ResolvedClaim, patients: int, confidence: float) -> str:
    """Reason why this number of patients cannot test a claim, or ""; it does not depend on any answer."""
    if patients < FEWEST:
        return f"too few test patients: {patients}; it takes {FEWEST} for an interval that can be believed"
    if claim.test not in ONE_SIDED or claim.per != "patient":
        return ""
    least = least_margin(patients, confidence)
    if least < (claim.margin or 0.0):
        return ""
    return (
        f"too few test patients: with {patients} no margin below {100 * least:.1f} points can be shown, even where no "
        "answer differs"
    )


def _verdict(claim: ResolvedClaim, found: Outcome, adjusted: float, tested: int, confidence: float) -> tuple[str, str]:
    """Verdict on a tested claim, and a remark."""
    level, margin = 1 - confidence, claim.margin or 0.0
    if adjusted <= level:
        return HOLDS, ""
    beyond = found.high < -margin or (claim.test == "equivalence" and found.low > margin)
    if beyond:
        return FAILS, ""
    if found.p <= level:
        return OPEN, f"would hold alone, not as one of {tested}"
    return OPEN, ""


def _mcnemar(claim: ResolvedClaim, seeds: Sequence[Sequence[Units]]) -> CsvRow:
    """McNemar's test where it is valid: for two models with one answer per patient."""
    if claim.test == "trend" or claim.per != "patient" or len(seeds) > 1 or claim.metric != "accuracy":
        return {}
    first, second, p = mcnemar(*seeds[0])
    return {"only_row_right": str(first), "only_against_right": str(second), "p_mcnemar": number(p, 4)}
