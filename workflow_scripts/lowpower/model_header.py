"""What a model file of lowpower says of itself, read without the library that its weights need."""

import json
from pathlib import Path

from lowpower.errors import InputError


def model_header(path: str | Path) -> dict:
    """The header that ``save_model`` wrote: the first 8 bytes of the file are the length of the JSON that follows.

    Raises InputError for a file that is no model of lowpower.
    """
    try:
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if size > Path(path).stat().st_size:
                raise ValueError("it is no safetensors file, or one that is cut short")
            return json.loads(json.loads(file.read(size))["__metadata__"]["lowpower"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a model of lowpower ({error})") from None
