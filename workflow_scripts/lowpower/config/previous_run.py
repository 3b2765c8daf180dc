"""Check that the results folder of an earlier run belongs to this study."""

from os.path import normpath
from pathlib import Path

from lowpower.config.study import Study
from lowpower.errors import InputError
from lowpower.files import read_json

_SAME = ("slides", "classes", "unit")  # a change of these makes another study, of any other key a change of this study


def check_same_study(study: Study, folder: str | Path) -> None:
    """Raise InputError where ``folder`` holds models of another study: other slides, classes or kind of region.

    The check reads the config.json that every run writes beside its models. Snakemake alone would silently train
    over the models, or, where its metadata were not copied too, use them as this study's.
    """
    written = Path(folder) / "config.json"
    if not written.is_file() or not any(Path(folder).glob("teacher/*/model.safetensors")):
        return
    before = read_json(written)
    pairs = [(key, _plain(before[key]), _plain(getattr(study, key))) for key in _SAME]
    if found := [(key, its, ours) for key, its, ours in pairs if its != ours]:
        said = "; ".join(f"`{key}` was {its}, the config says {ours}" for key, its, ours in found)
        raise InputError(
            f"config: `cohort`: {folder} holds models of another study: {said}. Write another `cohort`; or, to replace "
            f"that study (its models are trained again and overwritten), delete {written}"
        )


def _plain(value: str | list[str]) -> str:
    """A value as text; a path is normalized."""
    return ", ".join(value) if isinstance(value, list) else normpath(value)
