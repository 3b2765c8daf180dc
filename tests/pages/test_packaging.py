"""The model that a package takes when none is named: row and seed with the lowest validation log loss."""

import numpy as np

from lowpower.config.trained_model import Model
from lowpower.evaluation.units import Judged, Units
from lowpower.pages.packaging import choose_model

IDS = [f"P{k}" for k in range(4)]


def units(right):
    """Four validation units whose true class has this probability."""
    return Units(IDS, IDS, np.zeros(4, int), np.tile([right, 1 - right], (4, 1)), regions=[1] * 4, way="mean")


def judged(of_models, per="patient", pixels="averaged"):
    return Judged({"per": per, "split": "val", "pixels": pixels}, IDS, of_models, of_models)


def models(*rows):
    return [Model(method, 2.5, 100, 100, seed) for method, seed in rows]


def test_the_row_is_the_best_on_average_and_the_seed_the_best_of_the_row():
    study = models(("lucky", 0), ("lucky", 1), ("steady", 0), ("steady", 1))
    numbers = [units(p) for p in (0.99, 0.1, 0.8, 0.9)]
    assert choose_model([judged(numbers)], study) == study[3]
    assert choose_model([judged(numbers)], study[::-1]) == study[0]  # parallel to the models


def test_patients_on_area_means_decide():
    study = models(("a", 0), ("b", 0))
    better, worse = [units(0.9), units(0.6)], [units(0.6), units(0.9)]
    kinds = [judged(worse, pixels="level"), judged(worse, per="slide"), judged(better)]
    assert choose_model(kinds, study) == study[0]


def test_without_a_validation_unit_it_is_the_first():
    study = models(("a", 0), ("b", 0))
    assert choose_model([], study) == study[0]
