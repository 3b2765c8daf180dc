"""Config section that divides the patients; in its own module, since a change of this module divides them again."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class Split(Settings):
    """Division of patients into training, validation and test."""

    by: Literal["sheet", "random", "kfold", "site"] = setting(
        "sheet",
        "sheet: the sheet's column split; random: one random split per seed, stratified by label; kfold: each seed "
        "tests one fold, so that as many seeds as folds test each patient once; site: the sites in test_sites are "
        "the test set.",
    )
    val: float = setting(
        0.15,
        "Share of labeled patients used for validation: of all (random), or of those not used for testing (kfold, "
        "site).",
        exclusiveMinimum=0,
        exclusiveMaximum=1,
    )
    test: float = setting(
        0.3, "Share of labeled patients used for testing (random).", exclusiveMinimum=0, exclusiveMaximum=1
    )
    folds: int = setting(
        5, "Number of folds (kfold), at least the number of seeds; seed s tests on fold s modulo folds.", minimum=3
    )
    test_sites: list[str] = setting([], "Sites whose patients are test patients (site).")
