"""Predictions of a student that is unsure of its errors, and of its teacher."""

import numpy as np
import pandas as pd
from prediction_frames import CLASSES, STATISTICS, model, predictions

from lowpower.tables.referral_results import referral_rows
from lowpower.tables.unit_judging import judge

COSTS = [
    {"network": "resnet10", "magnification": name, "flops_per_region": flops, "bytes_per_region": size}
    for name, flops, size in (("10x", "1600", "100"), ("5x", "400", "50"), ("2.5x", "100", "20"))
]


def unsure(right, patients=8, split="test", regions=3):
    """As ``predictions``, and a wrong answer is given with .6 instead of .9: whoever refers the unsure refers these."""
    frame = predictions(right, patients=patients, regions=regions, split=split)
    wrong = frame["patient"].str[1:].astype(int) >= right
    for name in ("p_a|b", "p_c"):
        frame.loc[wrong, name] = np.where(frame.loc[wrong, name] > 0.5, 0.6, 0.4)
    return frame


def both(right, of_val):
    """Validation patients, of which the first ``of_val`` of 4 are read right, and test patients."""
    val = unsure(of_val, 4, "val").replace({f"{kind}{k}": f"v{kind}{k}" for kind in "ps" for k in range(4)})
    return pd.concat([val, unsure(right)])


TEACHER = (model("teacher", 10), both(8, 4))
STUDENT = (model("sskd", 2.5, 100), both(6, 3))


def rows_of(study, costs=COSTS, splits=("test",)):
    frames = [frame for _, frame in study]
    judged = judge(frames, CLASSES, regions_have_labels=True, splits=list(dict.fromkeys(["val", *splits])))
    return referral_rows(
        judged, models=[about for about, _ in study], splits=splits, statistics=STATISTICS, costs=costs
    )
