"""What an earlier run left in the results folder, and whether this study may go on there."""

from os.path import normpath
from pathlib import Path

from lowpower.config.study import Study
from lowpower.errors import InputError
from lowpower.files import read_json

_SAME = ("slides", "classes", "unit")  # another value of these is another study; of any other key, a change to this one


def check_same_study(study: Study, folder: str | Path) -> None:
    """Raise InputError where ``folder`` holds models of another study: other slides, classes or kind of region.

    Told from the config.json that every run leaves beside its models. Snakemake alone would train
    over them without a word, or, where its own notes on them were not copied along, take them for this study's.
    """
    written = Path(folder) / "config.json"
    if not written.is_file() or not any(Path(folder).glob("teacher/*/model.safetensors")):
        return
    before = read_json(written)
    pairs = [(key, _plain(before[key]), _plain(getattr(study, key))) for key in _SAME]
    if found := [(key, its, ours) for key, its, ours in pairs if its != ours]:
        said = "; ".join(f"`{key}` was {its}, the config says {ours}" for key, its, ours in found)
        raise InputError(
            f"config: `cohort`: {folder} holds models of another study: {said}. Write another `cohort`; or, if this "
            f"study is to take its place (its models are then trained again, over the old ones), delete {written}"
        )


def _plain(value: str | list[str]) -> str:
    """A value as text; a path in one form."""
    return ", ".join(value) if isinstance(value, list) else normpath(value)
