"""Inputs and outputs read from Snakemake's rules, so that a new table or figure is recorded and verified by itself."""

from collections.abc import Iterable
from pathlib import Path

from snakemake.io import is_callable

from lowpower.provenance.rerun import TableJob


def writers(rules: Iterable, out: str, *places: str) -> list:
    """Rules that write these files, or into these folders, below the results ``out``. rules: ``workflow.rules``."""
    wanted = tuple(f"{out}/{place}/" for place in places)
    return [rule for rule in rules if any(f"{path}/".startswith(wanted) for path in rule.output)]


def files_of(rules: Iterable) -> set[str]:
    """Every file that these rules read or write."""
    return {path for rule in rules for path in [*_plain(rule), *rule.output]}


def as_job(rule: object) -> TableJob:
    """Make the job of a rule without wildcards."""
    _plain(rule)
    return TableJob(
        rule=rule.name,
        script=Path(rule.script).name,
        input={name: _text(value) for name, value in rule.input.items()},
        output={name: _text(value) for name, value in rule.output.items()},
        params={name: value({}) if callable(value) else value for name, value in rule.params.items()},
    )


def _plain(rule: object) -> list[str]:
    """Inputs of a rule. Raises ValueError for functions, which need a job to be called."""
    if any(is_callable(path) for path in rule.input):
        raise ValueError(f"rule {rule.name} writes a table or figure; list its inputs, without a function of wildcards")
    return list(rule.input)


def _text(value: object) -> str | list[str]:
    """Plain text of a path or of a list of paths, which Snakemake wraps in its own types."""
    return str(value) if isinstance(value, str) else [str(path) for path in value]
