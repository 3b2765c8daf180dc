"""Versions, code and processor, which decide whether another run must give the same bytes. No host, user or path."""

import platform
import subprocess
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lowpower.hashes import hash_of

HOME = Path(__file__).parents[3]  # the project: Snakefile, lock and library
_USED = (  # packages of the lock that read slides, compute or draw; others cannot change a number
    *("numpy", "pillow", "openslide-python", "openslide-bin", "tifffile", "imagecodecs", "torch", "torchvision"),
    *("safetensors", "pandas", "pyarrow", "scipy", "scikit-learn", "matplotlib", "snakemake"),
)
_FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_bf16", "amx_tile", "asimd", "sve")


@dataclass(frozen=True)
class Lock:
    """requirements.txt: its hash, and its versions of the packages that matter."""

    sha256: str
    packages: dict[str, str]


@dataclass(frozen=True)
class Machine:
    """Properties of processor and system that can change the last bits of a float."""

    system: str  # such as Linux
    libc: str
    python: str
    architecture: str
    processor: str
    instructions: list[str]  # sets of instructions, of ``_FLAGS``


@dataclass(frozen=True)
class GitState:
    """Commit of the project; outside a checkout None, and the reason."""

    commit: str | None
    dirty: bool | None = None  # True if a tracked file differs from the commit
    why: str | None = None


def read_lock(path: str | Path) -> dict[str, Any] | None:
    """Read a ``Lock`` as plain values, for a rule's param; None without such a file."""
    if not Path(path).is_file():
        return None
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    locked = {name.lower(): pinned for name, _, pinned in (line.partition("==") for line in lines)}
    return asdict(Lock(hash_of(path), {name: locked[name] for name in _USED if name in locked}))


def packages() -> dict[str, str | None]:
    """Installed versions, without build labels; None for packages missing from this rule's environment."""
    versions: dict[str, str | None] = {}
    for name in _USED:
        try:
            versions[name] = version(name).split("+")[0]
        except PackageNotFoundError:
            versions[name] = None
    return versions


def machine() -> Machine:
    """Describe this machine."""
    model, flags = "", set()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
        cpu = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in reversed(lines))}
        model, flags = cpu.get("model name", ""), {*cpu.get("flags", cpu.get("Features", "")).split()}
    return Machine(
        system=platform.system(),
        libc=" ".join(platform.libc_ver()).strip(),
        python=platform.python_version(),
        architecture=platform.machine(),
        processor=model or platform.processor(),
        instructions=[name for name in _FLAGS if name in flags],
    )


def git_state(home: Path = HOME) -> GitState:
    """Read the commit of the project. Never fails: git may be missing, or refuse a folder of another owner."""
    try:
        top, commit = _git(home, "rev-parse", "--show-toplevel", "HEAD").splitlines()
        if Path(top).resolve() != home.resolve():
            return GitState(None, why="the project is inside another repository's checkout")
        dirty = _git(home, "status", "--porcelain", "--untracked-files=no")
    except (OSError, ValueError, subprocess.SubprocessError):
        return GitState(None, why="the project is not a readable git checkout")
    return GitState(commit, bool(dirty))


def _git(home: Path, *words: str) -> str:
    command = ["git", "-C", str(home), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
