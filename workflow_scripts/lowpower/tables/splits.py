"""The splits: who trains, validates and tests, once it is known that every class has something to learn from."""

from collections.abc import Sequence
from pathlib import Path

from lowpower.files import read_rows, write_rows
from lowpower.log import say
from lowpower.tables.tally import check_counts, count, describe

COLUMNS = ["seed", "slide", "patient", "site", "label", "true_label", "split", "labeled_rank", "unlabeled_rank"]


def write_splits(rows: Sequence[dict], index: str | Path, classes: Sequence[str], output: str | Path) -> None:
    """Write the divided sheet (one row per seed and slide), after saying how much each split holds.

    index: regions at the teacher's magnification. Raises InputError when a class has no region to learn from.
    """
    counts = count(rows, read_rows(index), classes)
    say(describe(counts))
    check_counts(counts, classes)
    write_rows(output, COLUMNS, rows)
