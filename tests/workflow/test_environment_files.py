"""Every rule's environment agrees with the lock and holds what its scripts import, and nothing else.

That the environments can be made and used is tried in tests/cluster/test_environments.py.
"""

import re

import pytest
from environment_files import (
    HIDDEN,
    HIDING,
    IMPORTED_AS,
    LOCKED_AS,
    SCRIPTS,
    environments,
    imports_of,
    locked,
    scripts_of,
)

ENVIRONMENTS = environments()


def same_contents(environment):
    """The environments whose packages are those of this one: Snakemake makes one of them."""
    return [name for name, packages in ENVIRONMENTS.items() if packages == ENVIRONMENTS[environment]]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_pin_is_the_locks(environment):
    lock = locked()
    for name, version in ENVIRONMENTS[environment].items():
        if name == "openslide":  # the wheel counts its own builds after the library's version
            assert lock["openslide-bin"].startswith(f"{version}.")
        elif name != "python":
            assert lock[LOCKED_AS.get(name, name)] == version, name


def test_one_python_runs_all_environments():
    pythons = {packages["python"] for packages in ENVIRONMENTS.values()}
    assert len(pythons) == 1 and re.fullmatch(r"3\.\d+", pythons.pop())


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_an_environment_holds_what_its_rules_import_and_nothing_else(environment):
    scripts = [script for name in same_contents(environment) for script in scripts_of(name)]
    imported = set().union(*map(imports_of, scripts))
    held = {IMPORTED_AS.get(name, name) for name in ENVIRONMENTS[environment]} - {"python"}
    assert scripts_of(environment) and imported == held


def test_slides_are_cut_without_torch_and_networks_trained_without_openslide():
    assert not ENVIRONMENTS["tiling"].keys() & {"pytorch", "torchvision"}
    for name in ("teacher", "distillation"):
        assert not ENVIRONMENTS[name].keys() & {"openslide", "openslide-python"}


def test_every_import_that_no_statement_shows_is_listed():
    found = set()
    for path in (SCRIPTS / "lowpower").rglob("*.py"):
        words = set(re.findall(HIDING, path.read_text(encoding="utf-8")))
        found |= {(path.relative_to(SCRIPTS / "lowpower").as_posix(), word) for word in words}
    assert found == set(HIDDEN)
