"""Read claims from their file before training, and match each to the models of the study."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from lowpower import magnification
from lowpower.claims.claim import Arm, Claim, ClaimedRow, ResolvedClaim, WrittenClaim
from lowpower.config.study import Study
from lowpower.config.study_models import level_of, uses_unlabeled
from lowpower.config.trained_model import Model
from lowpower.config.validation import checked
from lowpower.config.yaml_file import parse
from lowpower.errors import InputError
from lowpower.typed_values import as_type

_WITH_MARGIN = ("noninferiority", "equivalence")


class ClaimsFile(NamedTuple):
    """A file of claims: its SHA-256, its claims as written, and the same with every default filled in."""

    sha256: str
    written: list[WrittenClaim]
    claims: list[Claim]


def read_claims(path: str | Path, schema: str | Path) -> ClaimsFile:
    """Read a file of claims.

    Raises InputError naming the file, the claim, what was found and what to write.
    """
    place = f"claims file {path}"
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        kind = "there is no such file" if missing else f"it cannot be read ({error.strerror})"
        raise InputError(
            f"{place}: {kind}; write the path of a file such as configs/claims.yaml into `claims`, or remove the key"
        ) from None
    raw, written = parse(content, place)
    if not isinstance(raw, dict) or set(raw) != {"claims"} or not isinstance(raw["claims"], list):
        raise InputError(f"{place}: write one key, `claims`, with a list of claims (`claims: []` for none)")
    found: dict[str, Claim] = {}
    for number, values in enumerate(raw["claims"], 1):
        named = isinstance(values, dict) and isinstance(values.get("id"), str)
        of = f"{place}, claim {values['id'] if named else number}"
        own = {path[2:]: value for path, value in written.items() if path[:2] == ("claims", number - 1)}
        claim = as_type(Claim, checked(values, schema, of, own))
        _check(claim, of)
        if claim.id in found:
            raise InputError(f"{of}: the id occurs twice; give each claim its own id")
        found[claim.id] = claim
    return ClaimsFile(hashlib.sha256(content).hexdigest(), raw["claims"], list(found.values()))


def _check(claim: Claim, of: str) -> None:
    """Check the keys of a claim that depend on each other."""
    test = claim.test
    if (test in _WITH_MARGIN) != (claim.margin is not None):
        needs = "needs a `margin`, such as 0.015 for one and a half points" if test in _WITH_MARGIN else "has no margin"
        raise InputError(f"{of}: test {test} {needs}; margins are for {' and '.join(_WITH_MARGIN)}")
    if (test == "trend") != (claim.shares is not None):
        needs = "needs `shares`, such as [0, 25, 50, 100]" if test == "trend" else "has no shares"
        raise InputError(f"{of}: test {test} {needs}; shares are for trend")
    if test != "none" and claim.row.method is None:
        raise InputError(f"{of}: write the `method` of its `row`")
    if test not in ("none", "trend") and claim.against == ClaimedRow():
        raise InputError(f"{of}: write into `against` what its row is compared with, such as {{method: teacher}}")
    for key, row in (("row", claim.row), ("against", claim.against)):
        if row.magnification is not None and row.fewer_pixels is not None:
            raise InputError(f"{of}: `{key}`: write magnification or fewer_pixels, not both")


def resolve(claims: Sequence[Claim], study: Study, models: Sequence[Model]) -> list[ResolvedClaim]:
    """Add to each claim its arms, the models that it compares, or the reason why this study cannot test it."""
    found = [(claim, *_arms(claim, study, models)) for claim in claims]
    return [ResolvedClaim(**vars(claim), arms=arms, why=why) for claim, arms, why in found]


def _arms(claim: Claim, study: Study, models: Sequence[Model]) -> tuple[list[Arm], str]:
    if claim.test == "none":
        return [], "no number tests it"
    if claim.cohorts and study.cohort not in claim.cohorts:
        return [], f"it is about cohort {' or '.join(claim.cohorts)}"
    if study.report_split != "test":
        return [], "claims are tested on test data, once: write `report_split: test` when the study is final"
    try:
        if claim.shares is not None:
            rows = [replace(claim.row, unlabeled=share) for share in sorted(claim.shares)]
            return [_arm(row, study, models)[0] for row in rows], ""
        first, known = _arm(claim.row, study, models)
        other, _ = _arm(claim.against, study, models, known)
        return ([], f"it compares {first.name} with itself") if first == other else ([first, other], "")
    except LookupError as missing:
        return [], str(missing.args[0])


def _arm(
    row: ClaimedRow, study: Study, models: Sequence[Model], other: ClaimedRow | None = None
) -> tuple[Arm, ClaimedRow]:
    """One arm, and its full description. other: the row's, which fills in keys that ``against`` lacks.

    Raises LookupError naming what the study lacks.
    """
    known = other.as_dict() if other else {}
    named = row.method or known["method"]
    methods = [named] if isinstance(named, str) else named
    method = next((name for name in methods if any(model.method == name for model in models)), None)
    if method is None:
        raise LookupError(f"the study has no row {' or '.join(methods)}")
    found = [model for model in models if model.method == method]
    if method == "teacher":
        known = {}
    if known and not uses_unlabeled(study.methods[method]):
        known.pop("unlabeled", None)
    if known and study.methods[method].at == "teacher":
        known["magnification"] = study.teacher_magnification
    wanted = known | row.as_dict()
    if row.fewer_pixels is not None:
        wanted["magnification"] = study.teacher_magnification / math.sqrt(row.fewer_pixels)
    scale = wanted.get("magnification", min(model.magnification for model in found))
    found = [m for m in found if math.isclose(m.magnification, scale, rel_tol=magnification.WRITTEN)]
    if not found:
        raise LookupError(f"the study has no {method} at {magnification.describe(scale)}")
    scale = found[0].magnification
    shares = {}
    for key in ("labeled", "unlabeled"):
        shares[key] = wanted.get(key, max(getattr(model, key) for model in found))
        found = [model for model in found if getattr(model, key) == shares[key]]
        if not found:
            raise LookupError(f"the study has no {method} with {shares[key]} % of the {key} patients")
    pixels = wanted.get("pixels", "averaged")
    if pixels == "level" and not level_of(found[0], study):
        raise LookupError(f"{method} is not tested on the slide's own level here (`pixels`)")
    name = f"{method} at {magnification.name_of(scale)}"
    if method != "teacher":
        name += f", labeled {shares['labeled']} %, unlabeled {shares['unlabeled']} %, {pixels} pixels"
    if method == "teacher" or not uses_unlabeled(study.methods[method]):
        del shares["unlabeled"]  # 0 because it does not use them; the other arm may
    in_full = ClaimedRow(method=method, magnification=scale, pixels=pixels, **shares)
    return Arm(name, pixels, [model.folder for model in found]), in_full


def registration(folder: str | Path, sha256: str) -> list[str]:
    """Paths of a study's register of claims, oldest first; the last is that of the current file, written or not.

    folder: the study's claims/. Every change of the file adds an entry, NNN-{hash}.json, and none is overwritten:
    claims registered before training stay visible, and the first entry, an input of teachers, stays first.
    """
    there = sorted(str(path) for path in Path(folder).glob("[0-9]*-*.json"))
    if there and Path(there[-1]).stem.endswith(f"-{sha256[:12]}"):
        return there
    return [*there, str(Path(folder) / f"{len(there) + 1:03d}-{sha256[:12]}.json")]
