"""Every rule's environment, made and used as `snakemake --sdm conda` does, without any channel on the network.

A channel in a folder holds the locked packages and CPython (local_channel.py), and conda_stand_in.py is the `conda`
that Snakemake finds. So the files parse, solve and install, each environment has what its rules import, and the study
comes out the same. `script:` lets a job fall back on the modules of Snakemake's own Python, so an import inside a rule
proves nothing: each environment is also asked by itself. What conda-forge has is not seen: docs/environments.md.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from environment_files import LOCKED_AS, SCRIPTS, environments, imports_of, locked, scripts_of
from packaging.utils import canonicalize_name
from project_paths import HELPERS
from workflow_runs import SMOKE, copy_project, planned, results, snakemake

from lowpower.config.code_hash import modules_of

SETTINGS = ("--sdm", "conda", "--conda-prefix")
ENVIRONMENTS = environments()
PYTHON = next(iter(ENVIRONMENTS.values()))["python"]
EXTRAS = find_spec("rattler") and find_spec("rattler_build")
MODULES = str(Path(EXTRAS.origin).resolve().parents[1]) if EXTRAS else ""  # for processes of their own
FITS = f"{sys.version_info.major}.{sys.version_info.minor}" == PYTHON and sys.platform == "linux"
pytestmark = [
    pytest.mark.skipif(not EXTRAS, reason="needs requirements-conda.txt (`make test-cluster` installs it)"),
    pytest.mark.skipif(not FITS, reason=f"packages the Python that runs it, which must be {PYTHON}, on Linux"),
]

LOAD = """
import importlib, json, os, sys
told = json.loads(sys.argv[1])
sys.path.append(told["scripts"])
if "torchvision" in told["modules"]:  # a CPU-only torch needs operators declared first
    from lowpower.models.torchvision_import import torchvision_part
    torchvision_part("transforms.v2.functional")
for name in told["modules"] + told["library"]:
    importlib.import_module(name)
files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
print(json.dumps({name: file for name, file in files.items() if os.path.isabs(file)}))  # torch makes two up
"""
BROUGHT_BY = {"pytorch": {"jinja2"}, "timm": {"yaml"}}  # a package: imports of other rules that its dependencies allow
# Laid into an environment, this writes down which scripts its Python ran, and which modules they took from elsewhere.
WITNESS = """
import atexit, os, sys
def tell():
    homes = (sys.prefix + os.sep, {scripts!r} + os.sep)
    files = [(name, getattr(module, "__file__", None) or "") for name, module in list(sys.modules.items())]
    others = {{name.split(".")[0] for name, file in files if os.path.isabs(file) and not file.startswith(homes)}}
    with open(os.path.join(sys.prefix, "witness"), "a") as file:
        print(sys.orig_argv[1], *sorted(others), file=file)
if sys.orig_argv[1:] and sys.orig_argv[1].endswith(".py"):
    atexit.register(tell)
"""


def build_channel(folder):
    """A channel with every package that an environment names, and what these depend on; returns the versions."""
    packages = sorted(set().union(*ENVIRONMENTS.values()) - {"python"})
    wanted = json.dumps({"packages": packages, "names": LOCKED_AS})
    command = [sys.executable, HELPERS / "local_channel.py", folder, wanted]
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": MODULES})
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def conda(tmp_path_factory):
    """A folder with a `conda` that Snakemake finds, and with no other way to modules than an environment's own."""
    folder = tmp_path_factory.mktemp("conda")
    channel = folder / "channel"
    versions = build_channel(channel)
    lock = {canonicalize_name(name): version for name, version in locked().items()}
    assert {name: lock.get(name, version) for name, version in versions.items()} == versions
    programs = folder / "bin"
    programs.mkdir()
    here = f"PYTHONPATH='{MODULES}' exec '{sys.executable}' '{HELPERS}/conda_stand_in.py' '{folder}' '{channel}'"
    (programs / "conda").write_text(f'#!/bin/sh\n{here} "$@"\n')
    (programs / "conda").chmod(0o755)
    # what conda's does where no package brings a hook of its own
    (programs / "activate").write_text('export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        patch.delenv("PYTHONPATH", raising=False)  # it would reach into the environments
        yield folder
    shutil.rmtree(folder)  # near 2 GB


@pytest.fixture(scope="module")
def project(conda):
    """A copy of the project whose environments were made as `snakemake --sdm conda` makes them."""
    (conda / "project").mkdir()
    folder = copy_project(conda / "project")
    told = snakemake(folder, *SETTINGS, conda / "environments", "--conda-create-envs-only", "--configfile", SMOKE)
    assert told.count(" created (location: ") == len({tuple(pins.items()) for pins in ENVIRONMENTS.values()}) == 4
    return folder


@pytest.fixture(scope="module")
def prefixes(conda, project):
    """Of each file of envs/ where its environment lies: Snakemake keeps a copy of the file beside it."""
    found = {path.read_text(): path.with_suffix("") for path in (conda / "environments").glob("*.yaml")}
    return {name: found[(project / f"envs/{name}.yaml").read_text()] for name in ENVIRONMENTS}


def run_in(prefix, code, *words):
    """Run code with an environment's Python, cut off from all else (-I)."""
    run = subprocess.run([prefix / "bin/python", "-I", "-c", code, *words], capture_output=True, text=True, cwd="/")
    return run.returncode, run.stdout, run.stderr


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_all_that_its_rules_import_loads_from_the_environment_itself(prefixes, name):
    modules = sorted(set().union(*map(imports_of, scripts_of(name))))
    files = {path for script in scripts_of(name) for path in modules_of(script) if path != script}
    library = sorted(".".join(path.relative_to(SCRIPTS).with_suffix("").parts) for path in files)
    told = json.dumps({"scripts": str(SCRIPTS), "modules": modules, "library": library})
    failed, loaded, error = run_in(prefixes[name], LOAD, told)
    assert not failed, error
    files = json.loads(loaded)
    assert set(modules) | set(library) <= set(files)
    homes = (f"{prefixes[name]}/", f"{SCRIPTS}/")
    assert [file for file in files.values() if not file.startswith(homes)] == []


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_only_other_rules_import_cannot_be_imported(prefixes, name):
    def imported(names):
        return set().union(*(imports_of(script) for other in names for script in scripts_of(other)))

    others = imported(ENVIRONMENTS) - imported(other for other in ENVIRONMENTS if prefixes[other] == prefixes[name])
    others -= set().union(*(BROUGHT_BY.get(package, set()) for package in ENVIRONMENTS[name]))
    assert "torch" in others if name == "tiling" else "openslide" in others
    for module in others:
        failed, _, error = run_in(prefixes[name], f"import {module}")
        assert failed and f"No module named '{module}'" in error, module


def ran_in(prefix):
    """How often an environment's Python ran each script, and which modules these took from elsewhere."""
    lines = [line.split() for line in (prefix / "witness").read_text().splitlines()]
    return Counter(line[0].split(".")[-2] for line in lines), {module for line in lines for module in line[1:]}


def test_a_study_in_its_environments_comes_out_as_without(conda, project, prefixes, local):
    for prefix in prefixes.values():
        witness = WITNESS.format(scripts=str(project / "workflow_scripts"))
        (prefix / f"lib/python{PYTHON}/sitecustomize.py").write_text(witness)
    deployed = [*SETTINGS, conda / "environments", "--configfile", SMOKE]
    jobs = planned(project, *deployed)
    snakemake(project, "--cores", 2, *deployed)
    ran = {prefix: ran_in(prefix) for prefix in set(prefixes.values())}
    assert sum((counts for counts, _ in ran.values()), Counter(all=1)) == jobs
    for name, prefix in prefixes.items():
        ours = {script.stem for other in ENVIRONMENTS if prefixes[other] == prefix for script in scripts_of(other)}
        counts, elsewhere = ran[prefix]
        assert set(counts) <= ours, name
        # a package may try for what it can do without, as numpy's f2py does for charset_normalizer
        assert not elsewhere & set().union(*(imports_of(SCRIPTS / f"{script}.py") for script in counts)), name

    assert results(project) == results(local)
    # switching runs nothing again
    assert planned(local, *deployed) == planned(project, "--configfile", SMOKE) == {}
    # each table once more, by a Python that finds nothing of Snakemake's
    snakemake(project, "verify", "--cores", 1, *deployed)
