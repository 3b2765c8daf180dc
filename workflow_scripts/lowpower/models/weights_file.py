"""Start weights trained elsewhere: a local safetensors file, never downloaded, never unpickled."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors
from safetensors.torch import load, save
from torch import Tensor

from lowpower.errors import InputError
from lowpower.files import replacing
from lowpower.models.backbone import Backbone
from lowpower.text import abbreviate

KEY = "weights"  # of the file's metadata: one key, because several are written in random order


@dataclass(frozen=True)
class Origin:
    """Where weights come from. source_sha256: hash of the file that they were converted from."""

    source: str
    license: str
    source_sha256: str


def write_weights(path: str | Path, weights: dict[str, Tensor], origin: Origin) -> None:
    """Write weights and their origin, in the same bytes each time."""
    with replacing(path) as part:
        part.write_bytes(save(weights, {KEY: json.dumps(asdict(origin), sort_keys=True)}))


def take_weights(network: Backbone, path: str | Path) -> dict[str, str]:
    """Fill all layers but the last with the weights of a safetensors file.

    The names are those of the network's library, with or without the last layer. Returns the file's ``sha256``, and the
    fields of ``Origin`` if the file has them. Raises InputError that names missing and unknown weights.
    """
    try:
        content = Path(path).read_bytes()
        weights = load(content)
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
    except (OSError, safetensors.SafetensorError) as error:
        raise InputError(
            f"{path} is not a safetensors file of weights ({error}); write the path of one (docs/teachers.md tells how "
            "to make it)"
        ) from None
    last = f"{network.last}."
    expected = {key: value for key, value in network.body.state_dict().items() if not key.startswith(last)}
    needed = {key for key in expected if not key.endswith("num_batches_tracked")}  # unused while statistics are frozen
    given = {key: value for key, value in weights.items() if not key.startswith(last)}
    mismatches = {
        "missing": needed - given.keys(),
        "unexpected": given.keys() - expected.keys(),
        "of another shape": {key for key in expected.keys() & given.keys() if expected[key].shape != given[key].shape},
    }
    if any(mismatches.values()):
        listed = "; ".join(
            f"{len(keys)} {kind} ({abbreviate(sorted(keys), 3)})" for kind, keys in mismatches.items() if keys
        )
        raise InputError(
            f"{path} does not hold {network.library}'s weights of {network.name}: {listed}. Write the `network` that "
            f"it was made from, or rename its weights as {network.library} names them"
        )
    network.body.load_state_dict(given, strict=False)
    return _origin(metadata) | {"sha256": hashlib.sha256(content).hexdigest()}


def _origin(metadata: dict[str, str]) -> dict[str, str]:
    """Origin in a file's metadata; empty if a file of another program has none."""
    try:
        return asdict(Origin(**json.loads(metadata[KEY])))
    except (KeyError, ValueError, TypeError):
        return {}
