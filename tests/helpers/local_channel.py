"""A channel in a folder, made of what is installed here: CPython, and packages under conda-forge's names.

Called with the folder and, as JSON, what to package; prints the versions as JSON. Nothing is fetched: the files are
those that pip unpacked from the locked wheels, as their RECORD lists them, and a package depends on what its metadata
asks for. Programs outside of packages, headers, tests and compiled Python are left out (of torch's 12,000 files 9,000
are headers). The interpreter finds its shared library where it was built, not in the environment.
"""

import asyncio
import json
import os
import platform
import sys
import sysconfig
from importlib.metadata import Distribution, distribution
from pathlib import Path

import rattler
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler.index import index_fs
from rattler_build import assemble_package
from rattler_build.package_assembler import FileEntry

PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
# Debian's interpreter reads packages from a folder of its own, where it is no virtual environment.
PACKAGES = "dist-packages" if "deb_system" in sysconfig.get_scheme_names() else "site-packages"
UNUSED = {"__pycache__", "include", "tests"}  # of packages
OF_PYTHON = {"ensurepip", "idlelib", "lib2to3", "site-packages", "dist-packages", "test", "tkinter", "sitecustomize.py"}
OF_PYTHON |= UNUSED


def build_channel(folder: Path, packages: set[str], names: dict[str, str]) -> dict[str, str]:
    """Package what is named, and all that it depends on; returns the versions, by the lock's names.

    packages: names on conda-forge, without python. names: a name on conda-forge: its name here, where they differ.
    """
    subdir = folder / str(rattler.Subdir.current())
    for part in (subdir, folder / "noarch"):
        part.mkdir(parents=True)
    there = {canonicalize_name(here): name for name, here in names.items()}
    asked = {canonicalize_name(names.get(name, name)): set() for name in packages}  # what extras of each
    waiting, needs, done = list(asked), {}, {}
    while waiting:
        name = waiting.pop()
        found = [Requirement(text) for text in distribution(name).requires or []]
        ways = [{"extra": extra} for extra in ("", *asked[name])]
        needs[name] = [need for need in found if not need.marker or any(map(need.marker.evaluate, ways))]
        for need in needs[name]:
            other = canonicalize_name(need.name)
            if other not in asked or not need.extras <= asked[other]:
                asked[other] = asked.get(other, set()) | need.extras
                waiting.append(other)
    for name, wanted in needs.items():
        found = distribution(name)
        depends = {canonicalize_name(need.name): need.specifier for need in wanted}
        done[name] = Version(found.version).public
        depends_there = [f"{there.get(other, other)} {specifier}".strip() for other, specifier in depends.items()]
        _write(subdir, there.get(name, name), done[name], _installed(found), [_this_python(), *depends_there])
    _write(subdir, "python", platform.python_version(), _interpreter(), [])
    asyncio.run(index_fs(folder))
    return done


def _this_python() -> str:
    return f"python {sys.version_info.major}.{sys.version_info.minor}.*"


def _write(subdir: Path, name: str, version: str, files: dict[str, Path], depends: list[str]) -> None:
    entries = [FileEntry.from_paths(source, place) for place, source in sorted(files.items())]
    assemble_package(
        name, version, subdir.name, "local_0", subdir,
        files=entries, depends=depends, compression_level=1, detect_prefix=False,
    )  # fmt: skip


def _installed(found: Distribution) -> dict[str, Path]:
    """A wheel's modules and data, by their place in an environment."""
    files = [file for file in found.files or [] if not ({"..", *UNUSED} & set(file.parts))]
    return {f"lib/{PYTHON}/{PACKAGES}/{file}": Path(found.locate_file(file)) for file in files}


def _interpreter() -> dict[str, Path]:
    """The interpreter and its standard library."""
    files = {f"bin/{name}": Path(sys.executable).resolve() for name in ("python", PYTHON)}
    for key in ("stdlib", "platstdlib"):
        base = Path(sysconfig.get_path(key, vars={"base": sys.base_prefix, "platbase": sys.base_exec_prefix}))
        for path in base.rglob("*"):
            place = path.relative_to(base)
            if path.is_file() and not OF_PYTHON & set(place.parts) and not place.parts[0].startswith("config-"):
                files[f"lib/{PYTHON}/{place}"] = path
    return files


if __name__ == "__main__":
    wanted = json.loads(sys.argv[2])
    print(json.dumps(build_channel(Path(sys.argv[1]), set(wanted["packages"]), wanted["names"])))
    sys.stdout.flush()
    os._exit(0)  # as in conda_stand_in.py
