"""Model files: safetensors with one JSON header that describes the model and its origin.

The header is one metadata key, because several are written in random order. No path, time, host, user or slide id.
"""

import ctypes
import os
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import safetensors
import torch
from safetensors.torch import save
from torch import nn

from lowpower import __version__
from lowpower.errors import InputError
from lowpower.files import replacing
from lowpower.model_header import ModelHeader
from lowpower.models import networks
from lowpower.models.attention import fit_attention

KEY = "lowpower"


def save_model(path: str | Path, network: nn.Module, header: ModelHeader) -> None:
    """Write the weights and the header; add architecture and versions to the header."""
    versions = {"lowpower": __version__, "torch": version("torch").split("+")[0]}
    header = replace(header, architecture=network.name, versions=versions)
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    with replacing(path) as part:
        part.write_bytes(save(weights, {KEY: header.to_json()}))


def load_model(path: str | Path) -> tuple[nn.Module, ModelHeader]:
    """Load the network and the header of a model file. Raises InputError if it is not a model file."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            header = ModelHeader.from_json((file.metadata() or {})[KEY])
            weights = {name: file.get_tensor(name) for name in file.keys()}
        network = networks.empty(header.architecture, len(header.classes))
        fit_attention(network, header.bags)
        network.load_state_dict(weights)
    except InputError as error:  # a network of a newer version
        raise InputError(f"{path}: {error}") from None
    except (safetensors.SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(f"{path} is not a model of lowpower ({reason}); delete it and run snakemake again") from None
    return network, header


def _keep_freed_memory() -> None:
    """Have the C library reuse freed memory instead of returning it to the system at every pass.

    Returning pages took a third of a training's processor time: 121 ms for each 512-px region and step instead of 79,
    30 instead of 19 at 256 px. Blocks of more than 128 MiB, which no pass of 4 megapixels needs, are still returned:
    if kept, their gaps took 5.8 GB for a region of 17 megapixels (4.6 now, 3.4 if all memory is returned).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # no glibc: musl, macOS, Windows
        return
    mallopt(-3, 128 << 20)  # M_MMAP_THRESHOLD: smaller blocks come from the heap
    mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: the end of the heap is kept


def prepare_device(gpu: bool) -> torch.device:
    """Set up the device of a job so that equal jobs give equal bytes; return it.

    One compute thread: with two, the same 12 training steps gave two different weight files in 4 runs. On CUDA,
    operations use their deterministic form; those without one warn.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with this setting
    torch.set_num_threads(1)
    _keep_freed_memory()
    torch.use_deterministic_algorithms(True, warn_only=gpu)
    if not gpu:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InputError("config: `gpu` is true, but torch finds no CUDA device here; write `gpu: false`")
    torch.backends.cudnn.benchmark = False
    return torch.device("cuda")
