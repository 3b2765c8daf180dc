"""The register of claims: entries of claims, each with the state of training at that time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from lowpower.claims.claim import WrittenClaim
from lowpower.files import read_json, write_json
from lowpower.log import say
from lowpower.text import count_of

BEFORE, ADDED, CHANGED = "before training", "added after training began", "changed after training began"


@dataclass(frozen=True)
class RegisterEntry:
    """One entry of the register: a file of claims, and True if the study already had files of any model."""

    sha256: str
    training_had_begun: bool
    claims: list[WrittenClaim]

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read an entry from its file."""
        return cls(**read_json(path))


def register_claims(claims: Sequence[WrittenClaim], sha256: str, register: str | Path) -> None:
    """Write one entry of the register.

    claims: as written in their file, with hash sha256. register: the entry, in results/{cohort}/claims/. No time is
    written: only the state of training counts, and it is the same in equal runs.
    """
    study = Path(register).parents[1]
    begun = any(path.is_file() for name in ("teacher", "students") for path in (study / name).rglob("*"))
    write_json(register, asdict(RegisterEntry(sha256, begun, list(claims))))
    say(f"{count_of(len(claims), 'claim')} registered {'after training began' if begun else 'before training'}")


def standing(entries: Sequence[RegisterEntry]) -> dict[str, str]:
    """Status of each claim of the last entry, by id: fixed before training, or added or changed after it began.

    entries: of the register, oldest first.
    """
    fixed = fixed_claims(entries)
    known = {claim["id"] for claim in fixed}
    return {
        claim["id"]: BEFORE if claim in fixed else CHANGED if claim["id"] in known else ADDED
        for claim in entries[-1].claims
    }


def fixed_claims(entries: Sequence[RegisterEntry]) -> list[WrittenClaim]:
    """Claims of the last entry before training began; none where the first entry came later."""
    early = [entry.claims for entry in entries if not entry.training_had_begun]
    return early[-1] if early else []


@dataclass(frozen=True)
class FormerClaim:
    """A claim of an earlier entry that the last entry no longer has, or has in other words.

    counts: it stood after training began, so it is one more test of its cohort's family of claims.
    """

    written: WrittenClaim
    registered: str
    why: str
    counts: bool


def former_claims(entries: Sequence[RegisterEntry]) -> list[FormerClaim]:
    """Every claim that was ever registered and was then withdrawn or changed, in the order of registration."""
    fixed, current = fixed_claims(entries), entries[-1].claims
    ids = {claim["id"] for claim in current}
    former: list[FormerClaim] = []
    for entry in entries:
        for claim in entry.claims:
            if claim in current or any(claim == one.written for one in former):
                continue
            when = "after training began" if claim in fixed or entry.training_had_begun else "before training"
            done = "reworded" if claim["id"] in ids else "taken out of the file"
            registered = ADDED if entry.training_had_begun else BEFORE
            former.append(FormerClaim(claim, registered, f"it was {done} {when}", when != "before training"))
    return former
