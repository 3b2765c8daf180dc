"""Check that the results folder of an earlier run belongs to this study."""

from os.path import normpath
from pathlib import Path

from lowpower.config.study import Study
from lowpower.errors import InputError
from lowpower.files import read_json

# a change of these makes another study, a change of any other key does not
_IDENTITY = ("slides", "classes", "unit")


def check_same_study(study: Study, folder: str | Path) -> None:
    """Raise InputError if ``folder`` holds models of another study: other slides, classes or kind of region.

    The check reads the config.json that every run writes beside its models. Snakemake alone would silently train
    over the models, or, if its metadata were not copied too, use them as this study's.
    """
    config_file = Path(folder) / "config.json"
    if not config_file.is_file() or not any(Path(folder).glob("teacher/*/model.safetensors")):
        return
    previous = read_json(config_file)
    pairs = [(key, _as_text(previous[key]), _as_text(getattr(study, key))) for key in _IDENTITY]
    if changes := [(key, then, now) for key, then, now in pairs if then != now]:
        listed = "; ".join(f"`{key}` was {then}, the config says {now}" for key, then, now in changes)
        raise InputError(
            f"config: `cohort`: {folder} holds models of another study: {listed}. Write another `cohort`; or, to "
            f"replace that study (its models are trained again and overwritten), delete {config_file}"
        )


def _as_text(value: str | list[str]) -> str:
    """A value as text; a path is normalized."""
    return ", ".join(value) if isinstance(value, list) else normpath(value)
