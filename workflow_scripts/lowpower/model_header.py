"""Header of a model file, read without the library that its weights need."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from lowpower.errors import InputError


@dataclass(frozen=True, kw_only=True)
class ModelHeader:
    """Input and origin of a model, in plain JSON values; None for values that its file lacks."""

    classes: list[str]  # in the order of the outputs
    architecture: str | None = None
    mean: list[float] | None = None  # of the channels, for normalization of pixels
    std: list[float] | None = None
    fingerprint: str | None = None  # of job, data and start weights
    start_weights: dict[str, str] | None = None  # sha256 of their file, if trained elsewhere, and their origin
    magnification: float | None = None
    method: str | None = None
    seed: int | None = None
    unit: str | None = None
    grid: dict[str, float] | None = None
    max_side_um: float | None = None
    tissue: dict[str, float] | None = None
    jpeg_quality: int | None = None
    augmentation: dict[str, Any] | None = None
    precision: str | None = None
    channels_last: bool | None = None
    bags: str | None = None  # mean or attention, for a model trained on slides' bags of regions
    versions: dict[str, str] | None = None  # of lowpower and torch

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read the header; keys unknown to this version are ignored. Raises TypeError or ValueError."""
        values, names = dict(json.loads(text)), {field.name for field in fields(cls)}
        if missing := {"architecture", "classes"} - values.keys():
            raise ValueError(f"its header lacks {min(missing)}")
        return cls(**{key: value for key, value in values.items() if key in names})

    def to_json(self) -> str:
        """Convert the header to JSON with sorted keys, so that it has the same bytes in each run."""
        return json.dumps({key: value for key, value in asdict(self).items() if value is not None}, sort_keys=True)


def model_header(path: str | Path) -> ModelHeader:
    """Read the header that ``save_model`` wrote: the first 8 bytes of the file are the length of the JSON that follows.

    Raises InputError for a file that is not a model of lowpower.
    """
    try:
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > Path(path).stat().st_size:
                raise ValueError("it is not a safetensors file, or it is cut short")
            return ModelHeader.from_json(json.loads(file.read(size))["__metadata__"]["lowpower"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a model of lowpower ({error})") from None
