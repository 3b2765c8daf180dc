"""Settings of tables, cost and plan."""

from dataclasses import dataclass

from lowpower.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class Statistics(Settings):
    """Bootstrap intervals of the tables."""

    draws: int = setting(10000, "Bootstrap samples of patients for metrics of counts, such as accuracy.", minimum=100)
    rank_draws: int = setting(2000, "Bootstrap samples of patients for AUROC and average precision.", minimum=100)
    confidence: float = setting(0.95, "Nominal coverage of the intervals.", exclusiveMinimum=0.5, exclusiveMaximum=1)
    fewest_patients: int = setting(10, "Minimum number of patients in a row that has intervals.", minimum=2)


@dataclass(frozen=True, kw_only=True)
class Cost(Settings):
    """Timing of a network."""

    regions: int = setting(32, "Number of regions that are timed, evenly spaced in the region index.", minimum=1)
    repeats: int = setting(5, "Number of measurements of each region, of which the median is taken.", minimum=1)


@dataclass(frozen=True, kw_only=True)
class Plan(Settings):
    """Other cohort sizes and machines for `snakemake plan`."""

    slides: list[int] = setting(
        [], "Numbers of slides to plan for, in addition to that of the sheet.", uniqueItems=True, items={"minimum": 1}
    )
    machines: list[int] = setting(
        [1, 10, 50],
        "Numbers of machines like this one, working in parallel.",
        minItems=1,
        uniqueItems=True,
        items={"minimum": 1},
    )
