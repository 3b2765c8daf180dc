"""Stands for ``conda`` where no channel can be reached: the commands that Snakemake gives, over py-rattler.

Called with a prefix, a folder that stands for conda-forge, and conda's own words. Specs are parsed, solved, unpacked
into a cache and hard-linked into an environment by the library beneath pixi. Any other command or channel is an error.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import rattler
import yaml

VERSION = "24.7.1"  # the oldest that Snakemake takes; it gives newer ones no other command


async def create(prefix: Path, channel: Path, file: str, target: str) -> None:
    """Solve an environment file and install what it takes."""
    wanted = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    if set(wanted) != {"channels", "dependencies"} or set(wanted["channels"]) != {"conda-forge", "nodefaults"}:
        sys.exit(f"{file}: only dependencies from conda-forge, and nodefaults, are known here")
    platforms = [str(rattler.Subdir.current()), "noarch"]
    records = await rattler.solve([channel.as_uri()], wanted["dependencies"], platforms=platforms)
    await rattler.install(records, target_prefix=target, cache_dir=prefix / "pkgs", show_progress=False)


def main(prefix: Path, channel: Path, words: list[str]) -> None:
    """Do what Snakemake asks for."""
    match words:
        case ["--version"]:
            print(f"conda {VERSION}")
        case ["info", "--json"]:
            print(json.dumps({"conda_prefix": str(prefix), "platform": str(rattler.Subdir.current())}))
        case ["config", "--get", "channel_priority", "--json"]:
            print(json.dumps({"get": {"channel_priority": "strict"}}))
        case ["env", "create", "--quiet", "--no-default-packages", "--file", file, "--prefix", target]:
            asyncio.run(create(prefix, channel, file, target))
        case ["clean", "-y", "--tarballs"]:
            pass  # the cache keeps none
        case _:
            sys.exit(f"this stand-in for conda does not know: conda {' '.join(words)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
    sys.stdout.flush()
    os._exit(0)  # py-rattler's threads outlive the interpreter: 3 of 13 ordinary endings crashed
