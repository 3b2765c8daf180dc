"""Config section that divides the patients; in its own module, since a change of this module divides them again."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class Split(Settings):
    """Division of patients into training, validation and test."""

    by: Literal["sheet", "random", "kfold", "site"] = setting(
        "sheet",
        "sheet reads the sheet's split column; random draws one division per seed, stratified by label; kfold tests "
        "each patient once over as many seeds as folds; site tests on the sites named in test_sites.",
    )
    val: float = setting(
        0.15,
        "Share of the labeled patients used for validation (random), or of those left when the test patients are out "
        "(kfold, site).",
        exclusiveMinimum=0,
        exclusiveMaximum=1,
    )
    test: float = setting(
        0.3, "Share of the labeled patients used for testing (random).", exclusiveMinimum=0, exclusiveMaximum=1
    )
    folds: int = setting(
        5, "Number of folds (kfold); seed s tests on fold s modulo folds, so no more seeds than folds.", minimum=3
    )
    test_sites: list[str] = setting([], "Sites whose patients are test patients (site).")
