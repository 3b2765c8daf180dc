"""Settings of a teacher that starts from weights trained elsewhere."""

from dataclasses import dataclass
from typing import Literal

from lowpower.config.method_settings import PretrainedNetwork
from lowpower.config.settings import REQUIRED, Settings, setting


@dataclass(frozen=True, kw_only=True)
class PretrainedTeacher(Settings):
    """A teacher that starts from weights trained elsewhere (docs/teachers.md)."""

    network: PretrainedNetwork = setting(REQUIRED, "Network of the teacher.")
    weights: str = setting(
        REQUIRED,
        "Path of a local safetensors file with start weights of that network, under the names of its library, with or "
        "without the last layer (docs/teachers.md). Nothing is downloaded.",
        pattern=r"^.+\.safetensors$",
        form="a path that ends in .safetensors",
    )
    choice: Literal["paired", "best_validation"] = setting(
        "paired", "Whose teacher students learn from, as the same words of `teacher` say."
    )
