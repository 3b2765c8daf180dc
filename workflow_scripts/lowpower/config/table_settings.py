"""Settings of tables, cost and plan."""

from dataclasses import dataclass

from lowpower.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class Statistics(Settings):
    """Bootstrap intervals of the tables."""

    draws: int = setting(10000, "Bootstrap draws of patients for metrics that are counted.", minimum=100)
    rank_draws: int = setting(2000, "Bootstrap draws of patients for AUROC and average precision.", minimum=100)
    confidence: float = setting(0.95, "Coverage the intervals aim for.", exclusiveMinimum=0.5, exclusiveMaximum=1)
    fewest_patients: int = setting(10, "A row of fewer patients has no intervals.", minimum=2)


@dataclass(frozen=True, kw_only=True)
class Cost(Settings):
    """Timing of a network."""

    regions: int = setting(32, "Regions that are timed, spread evenly over the index.", minimum=1)
    repeats: int = setting(5, "Times each of them is timed; the median counts.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Plan(Settings):
    """Other cohort sizes and machines for `snakemake plan`."""

    slides: list[int] = setting(
        [], "Numbers of slides to plan for; none for those of the sheet alone.", uniqueItems=True, items={"minimum": 1}
    )
    machines: list[int] = setting(
        [1, 10, 50],
        "Numbers of machines like this one that work at once.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 1},
    )
