"""Choice of the students' teacher, if it is not that of their own seed."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from lowpower.files import read_rows, replacing, write_rows
from lowpower.log import say
from lowpower.models.model_file import load_model
from lowpower.models.training_outputs import HISTORY


def choose_teacher(models: Sequence[str | Path], histories: Sequence[str | Path], model: str | Path) -> None:
    """Copy the teacher with the lowest validation log loss (the first on ties). histories: parallel to models."""
    losses = [next(float(row["val_log_loss"]) for row in read_rows(path) if int(row["chosen"])) for path in histories]
    best = losses.index(min(losses))
    with replacing(model) as part:
        shutil.copyfile(models[best], part)
    say(f"all students learn from {models[best]}: validation log loss {losses[best]:.3f}, lowest of {len(losses)}")


def adopt_teacher(teacher: str | Path, model: str | Path, history: str | Path) -> None:
    """Use a model of another study as a seed's teacher, with an empty history."""
    load_model(teacher)  # raises InputError for an unusable file
    with replacing(model) as part:
        shutil.copyfile(teacher, part)
    write_rows(history, HISTORY, [])
    say(f"{model}: the teacher is {teacher}; lowpower cannot check which patients it was trained on")
