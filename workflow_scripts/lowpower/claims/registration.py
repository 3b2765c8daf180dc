"""The register of claims: what was fixed, and whether any model was there before it."""

from collections.abc import Sequence
from pathlib import Path

from lowpower.files import write_json
from lowpower.log import say
from lowpower.text import count_of

BEFORE, ADDED, CHANGED = "before training", "added after training began", "changed after training began"


def register_claims(claims: Sequence[dict], sha256: str, register: str | Path) -> None:
    """Write one entry of the register: a file of claims, and whether any model of the study was there already.

    claims: as they stand in their file, whose hash sha256 is. register: the entry, in results/{cohort}/claims/. No time
    is written: what counts is what was there, and that is the same in equal runs.
    """
    study = Path(register).parents[1]
    begun = any(path.is_file() for name in ("teacher", "students") for path in (study / name).rglob("*"))
    write_json(register, {"sha256": sha256, "training_had_begun": begun, "claims": list(claims)})
    say(f"{count_of(len(claims), 'claim')} registered {'after training began' if begun else 'before training'}")


def standing(entries: Sequence[dict]) -> dict[str, str]:
    """Of each claim of the last entry, by id, whether it stood as it is when training began.

    entries: of the register, oldest first.
    """
    fixed = fixed_claims(entries)
    known = {claim["id"] for claim in fixed}
    return {
        claim["id"]: BEFORE if claim in fixed else CHANGED if claim["id"] in known else ADDED
        for claim in entries[-1]["claims"]
    }


def fixed_claims(entries: Sequence[dict]) -> list[dict]:
    """The claims that stood when training began: of the last entry before it, none where the first came after."""
    early = [entry["claims"] for entry in entries if not entry["training_had_begun"]]
    return early[-1] if early else []
