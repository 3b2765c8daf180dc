"""The configuration: checked once against its schema, filled with defaults, then frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lowpower.config.method_checks import check_rows, with_standard_rows
from lowpower.config.region_sizes import check_sizes, with_exact_magnifications
from lowpower.config.study import Study
from lowpower.config.validation import checked
from lowpower.config.yaml_file import Unquoted, parse
from lowpower.errors import InputError
from lowpower.spelling import clean, lookalike_key
from lowpower.typed_values import as_type

_KINDS: dict[type, str] = {list: "a list", str: "plain text"}


def read_unquoted(paths: Sequence[str | Path]) -> dict[tuple, Unquoted]:
    """Read the unquoted values that YAML does not read as text, by key; a later config file overrides an earlier one.

    Raises InputError for anything that Snakemake, which reads the files too, would silently lose or change. Snakemake
    reports a missing file.
    """
    unquoted: dict[tuple, Unquoted] = {}
    for path in paths:
        if Path(path).is_file():
            unquoted |= parse(Path(path).read_bytes(), f"config {path}")[1]
    return unquoted


def read_files(paths: Sequence[str | Path]) -> tuple[dict, dict[tuple, Unquoted]]:
    """Read config files and merge them as Snakemake does; return the raw config and its unquoted values.

    Raises InputError for a file that is missing, empty, a list, or not YAML.
    """
    raw: dict = {}
    unquoted: dict[tuple, Unquoted] = {}
    for path in paths:
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise InputError(
                f"config {path}: the file cannot be read ({error.strerror}); write the path of a config file, such as "
                "configs/own.yaml"
            ) from None
        config, file_unquoted = parse(content, f"config {path}")
        if not isinstance(config, dict):
            kind = "the file is empty" if config is None else f"the file is {_KINDS.get(type(config), 'one value')}"
            raise InputError(f"config {path}: {kind}; write one key per line, such as `cohort: own` (configs/own.yaml)")
        raw = _merge(raw, config)
        unquoted |= file_unquoted
    return raw, unquoted


def _merge(raw: dict, later: dict) -> dict:
    """Merge two raw configs: sections at every depth; any other value of the later config overrides."""
    merged = dict(raw)
    for key, value in later.items():
        if isinstance(value, dict):
            section = merged.get(key)
            value = _merge(section if isinstance(section, dict) else {}, value)
        merged[key] = value
    return merged


def read_config(raw: dict, schema: str | Path, unquoted: Mapping[tuple, Unquoted] | None = None) -> Study:
    """Return the complete configuration: ``raw`` with every default filled in.

    unquoted: from ``read_unquoted``, for messages. Raises InputError naming the key, what was found and what to write.
    """
    study = as_type(Study, checked(with_standard_rows(raw), schema, "config", unquoted))
    study = _clean_names(with_exact_magnifications(study))
    _check_classes(study)
    check_sizes(study)
    check_rows(study)
    _check_seeds(study)
    processes, batch = study.training.processes, study.training.batch
    if processes > batch:
        raise InputError(
            f"config: `training.processes`: {processes} processes cannot share a batch of {batch}; write {batch} or "
            "less"
        )
    if study.demo and study.demo.focus[0] > study.demo.focus[1]:
        least, largest = study.demo.focus
        raise InputError(f"config: `demo.focus`: the smaller share comes first; write [{largest:g}, {least:g}]")
    return study


def _clean_names(study: Study) -> Study:
    """Clean the names of classes and sites as the sheet's cells are cleaned (``spelling.clean``)."""
    split = replace(study.split, test_sites=list(map(clean, study.split.test_sites)))
    classes, positive = list(map(clean, study.classes)), clean(study.positive_class)
    return replace(study, classes=classes, positive_class=positive, split=split)


def _check_classes(study: Study) -> None:
    """Check that no two classes look alike and that the positive class is one of them."""
    names_by_key: dict[str, str] = {}
    for name in study.classes:
        key = lookalike_key(name)
        if key in names_by_key:
            raise InputError(
                f"config: `classes`: {names_by_key[key]!a} and {name!a} look alike (case, width, dashes, spaces); "
                "keep one of them, and use the same spelling in the sheet"
            )
        names_by_key[key] = name
    positive = study.positive_class
    if positive and positive not in study.classes:
        raise InputError(
            f"config: `positive_class`: {positive} is not one of `classes` ({', '.join(study.classes)}); write one "
            "of them, or remove the key"
        )


def _check_seeds(study: Study) -> None:
    """Check that k-fold seeds test different patients, and that a shared teacher trained on no tested patient."""
    by, folds = study.split.by, study.split.folds
    if study.teacher_choice == "best_validation" and by not in ("sheet", "site"):
        key = "teacher.choice" if study.teacher_weights else "teacher"
        raise InputError(
            f"config: `{key}`: best_validation with `split: {{by: {by}}}` is a leak: each seed tests other patients, "
            f"and the best teacher may have been trained on them; write `{key}: paired`, or split by sheet or site"
        )
    tested: dict[int, int] = {}
    for seed in study.seeds:
        first_seed = tested.setdefault(seed % folds, seed)
        if by == "kfold" and first_seed != seed:
            raise InputError(
                f"config: `seeds`: {first_seed} and {seed} test the same patients, fold {seed % folds} of {folds} "
                "(`split: {by: kfold}` takes fold s modulo folds for seed s); write "
                f"{', '.join(map(str, range(min(len(study.seeds), folds))))}, or raise `split.folds`"
            )
