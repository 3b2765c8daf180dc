"""The splits file: training, validation and test patients, after a check that every class has regions to learn from."""

from collections.abc import Sequence
from pathlib import Path

from lowpower.config.sheet_row import PatientRow
from lowpower.config.split_row import SplitRow
from lowpower.config.split_settings import Split
from lowpower.config.splits import divide
from lowpower.errors import InputError
from lowpower.files import read_rows, write_rows
from lowpower.log import say
from lowpower.tables.cohort_counts import CountedRegion, check_counts, count, describe
from lowpower.text import abbreviate, count_of, nearest
from lowpower.typed_values import as_cells, columns_of, typed_rows

COLUMNS = columns_of(SplitRow)


def split_patients(
    sheet: Sequence[PatientRow],
    classes: Sequence[str],
    seed: int,
    split: Split,
    annotated: bool,
    index: str | Path,
    splits: str | Path,
) -> None:
    """Assign the patients to training, validation and test for one seed, and write the splits file.

    sheet, split, annotated: as in ``config.splits.divide``. index, splits: the index and output of ``write_splits``.
    """
    write_splits(divide(sheet, classes, [seed], split, annotated), index, classes, splits)


def write_splits(rows: Sequence[SplitRow], index: str | Path, classes: Sequence[str], output: str | Path) -> None:
    """Write the divided sheet (one row per seed and slide), and log the counts of each split.

    index: regions at the teacher's magnification. Raises InputError when the class of an annotation is not in the
    study, or a class has no region to learn from.
    """
    regions = typed_rows(CountedRegion, read_rows(index))
    check_annotations(regions, classes)
    counts = count(rows, regions, classes)
    say(describe(counts))
    check_counts(counts, classes)
    write_rows(output, COLUMNS, map(as_cells, rows))


def check_annotations(regions: Sequence[CountedRegion], classes: Sequence[str]) -> None:
    """Raise InputError when the class of a region's annotation is not in the study.

    Checked here and not while tiling: a change of classes would then tile every slide again.
    """
    for name in sorted({region.annotation for region in regions} - {"", *classes}):
        slides = [region.slide for region in regions if region.annotation == name]
        near = nearest(name, classes)
        raise InputError(
            f"annotations: {count_of(len(slides), 'region')} of class {name!r} (slides "
            f"{abbreviate(sorted(set(slides)))}), which is not one of the config's `classes` ({', '.join(classes)}); "
            + (f"did you mean {near!r}? " if near else "")
            + "Rename the class in QuPath or delete its annotations, and export them again, or add it to `classes`"
        )
