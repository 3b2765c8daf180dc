"""Versions, code and processor, which decide whether another run must give the same bytes. No host, user or path."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from lowpower.hashes import hash_of

HOME = Path(__file__).parents[3]  # the project: Snakefile, lock and library
_USED = (  # packages of the lock that read slides, compute or draw; others cannot change a number
    *("numpy", "pillow", "openslide-python", "openslide-bin", "tifffile", "imagecodecs", "torch", "torchvision"),
    *("safetensors", "pandas", "pyarrow", "scipy", "scikit-learn", "matplotlib", "snakemake"),
)
_FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


def read_lock(path: str | Path) -> dict | None:
    """Read the hash of the lock and its versions of the packages that matter; None without such a file."""
    if not Path(path).is_file():
        return None
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    locked = {name.lower(): pinned for name, _, pinned in (line.partition("==") for line in lines)}
    return {"sha256": hash_of(path), "packages": {name: locked[name] for name in _USED if name in locked}}


def packages() -> dict[str, str | None]:
    """Installed versions, without build labels; None for packages missing from this rule's environment."""
    found: dict[str, str | None] = {}
    for name in _USED:
        try:
            found[name] = version(name).split("+")[0]
        except PackageNotFoundError:
            found[name] = None
    return found


def machine() -> dict:
    """Properties of processor and system that can change the last bits of a float."""
    model, flags = "", set()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in reversed(lines))}
        model, flags = told.get("model name", ""), {*told.get("flags", told.get("Features", "")).split()}
    return {
        "system": platform.system(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "python": platform.python_version(),
        "architecture": platform.machine(),
        "processor": model or platform.processor(),
        "instructions": [name for name in _FLAGS if name in flags],
    }


def git_state(home: Path = HOME) -> dict:
    """Commit of the project, and whether a tracked file differs from it; outside a checkout, the reason for no commit.

    Never fails: git may be missing, or refuse a folder of another owner.
    """
    try:
        top, commit = _git(home, "rev-parse", "--show-toplevel", "HEAD").splitlines()
        if Path(top).resolve() != home.resolve():
            return {"commit": None, "why": "the project is inside another repository's checkout"}
        dirty = _git(home, "status", "--porcelain", "--untracked-files=no")
    except (OSError, ValueError, subprocess.SubprocessError):
        return {"commit": None, "why": "the project is not a readable git checkout"}
    return {"commit": commit, "dirty": bool(dirty)}


def _git(home: Path, *words: str) -> str:
    command = ["git", "-C", str(home), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
