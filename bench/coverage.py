"""Coverage of intervals and size of tests, for differences of two methods; docs/coverage.md explains the grid.

.venv/bin/python bench/coverage.py [--studies 4000] [--quick]

Each cell of the grid draws studies of two methods with known true accuracies: seeds, each with its own true accuracy
per method (beta distribution), and patients, each with one region that models answer independently, or with 12 regions
whose difficulty the patient's regions share across models and seeds. Two truths: the methods are equal (superiority is
then rejected in error), and the first is worse by the margin, three points (noninferiority then holds in error).
Intervals come from the library (evaluation/variance_components.py), with the components of a balanced study in closed
form instead of the bootstrap; tests/evaluation/test_variance_components.py shows that both agree. Output: JSON lines,
one per cell and truth; the last one is a summary.
"""

import argparse
import itertools
import json

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from lowpower.evaluation.variance_components import Estimate, combine, undecided_variance

ACCURACIES, SPREADS = (0.6, 0.9, 0.985), (0.0, 0.02, 0.05)
SEEDS, PATIENTS = (3, 5, 10), (32, 60, 120, 304)
MARGIN, CONFIDENCE, REGIONS = 0.03, 0.95, 12
SHARED, OF_METHOD = 0.4, 0.2  # of the variance of a region's difficulty: its patient's; its patient's for one method
AT_ONCE = 250  # studies: 6 MB each at 10 seeds and 304 patients


def main() -> None:
    """Simulate every cell of the grid."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=4000, help="studies per cell and truth")
    parser.add_argument("--quick", action="store_true", help="every eleventh cell, 500 studies each")
    asked = parser.parse_args()
    cells = itertools.product(ACCURACIES, SPREADS, (False, True), SEEDS, PATIENTS)
    chosen = list(cells)[::11] if asked.quick else list(cells)
    rows = []
    for number, cell in enumerate(chosen):
        for worse in (0.0, MARGIN):
            rows.append(simulate(*cell, worse, 500 if asked.quick else asked.studies, number))
            print(json.dumps(rows[-1]), flush=True)
    print(json.dumps(summary(rows)))


def simulate(
    accuracy: float, spread: float, clustered: bool, seeds: int, patients: int, worse: float, studies: int, number: int
) -> dict:
    """Shares of the studies of one cell whose interval covers, is above, or is below the true difference."""
    random = np.random.default_rng([number, int(worse > 0)])
    counts = np.zeros(3)
    for first in range(0, studies, AT_ONCE):
        shape = (min(AT_ONCE, studies - first), seeds)
        methods = [truths(random, accuracy - less, spread, shape) for less in (worse, 0.0)]
        answers = answers_of(random, methods, clustered, patients)
        value = estimate_balanced(answers[0] - answers[1])
        reach = value.reach((1 - CONFIDENCE) / 2)
        low, high = value.point - reach, value.point + reach
        above, below = low > -worse, high < -worse
        counts += [(~above & ~below).sum(), above.sum(), below.sum()]
    covered, above, below = (round(float(count / studies), 4) for count in counts)
    return {
        "accuracy": accuracy, "seed_spread": spread, "errors": "clustered" if clustered else "independent",
        "seeds": seeds, "patients": patients, "difference": -worse, "studies": studies,
        "coverage": covered, "above": above, "below": below,
    }  # fmt: skip


def truths(random: np.random.Generator, mean: float, spread: float, shape: tuple[int, int]) -> NDArray:
    """True accuracies of the seeds of one method: beta distribution with this mean and standard deviation."""
    if not spread:
        return np.full(shape, mean)
    size = mean * (1 - mean) / spread**2 - 1
    return random.beta(mean * size, (1 - mean) * size, shape)


def answers_of(random: np.random.Generator, methods: list[NDArray], clustered: bool, patients: int) -> list[NDArray]:
    """Share of right answers of each patient, for every method: (studies, seeds, patients) each."""
    shape = (*methods[0].shape, patients)
    if not clustered:
        return [(random.random(shape) < truth[..., None]).astype(float) for truth in methods]
    shared = random.standard_normal((shape[0], 1, patients))
    own = [random.standard_normal((shape[0], 1, patients)) for _ in methods]
    rest = np.sqrt(1 - SHARED - OF_METHOD)
    return [
        random.binomial(
            REGIONS,
            norm.cdf((norm.ppf(truth)[..., None] + np.sqrt(SHARED) * shared + np.sqrt(OF_METHOD) * of_method) / rest),
        )
        / REGIONS
        for truth, of_method in zip(methods, own, strict=True)
    ]


def estimate_balanced(differences: NDArray) -> Estimate:
    """The estimate of every study from its differences (studies, seeds, patients)."""
    _, seeds, patients = differences.shape
    of_seeds, of_patients = differences.mean(2), differences.mean(1)
    point = of_seeds.mean(1)
    rest = differences - of_seeds[..., None] - of_patients[:, None] + point[:, None, None]
    return combine(
        point,
        of_seeds.var(1, ddof=1) / seeds,
        of_patients.var(1, ddof=1) / patients,
        (rest**2).sum((1, 2)) / ((seeds - 1) * (patients - 1) * seeds * patients),
        seeds=seeds,
        patients=patients,
        undecided=undecided_variance(of_patients, patients),
    )


def summary(rows: list[dict]) -> dict:
    """Extremes over the grid; cells in which a spread of 5 points at 98.5 % is possible only as rare failures apart."""
    possible = [row for row in rows if not (row["accuracy"] == 0.985 and row["seed_spread"] == 0.05)]
    return {
        "studies": rows[0]["studies"],
        "all": extremes(rows),
        "without_5_points_at_98.5": extremes(possible),
    }


def extremes(rows: list[dict]) -> dict:
    """Lowest and highest coverage, and the largest sizes of both tests."""
    equal = [row for row in rows if not row["difference"]]
    at_margin = [row for row in rows if row["difference"]]
    coverage = [row["coverage"] for row in rows]
    return {
        "cells": len(rows), "lowest_coverage": min(coverage), "highest_coverage": max(coverage),
        "below_93": sum(share < 0.93 for share in coverage), "above_97": sum(share > 0.97 for share in coverage),
        "superiority_size": round(max(row["above"] + row["below"] for row in equal), 4),
        "noninferiority_size": max(row["above"] for row in at_margin),
    }  # fmt: skip


if __name__ == "__main__":
    main()
