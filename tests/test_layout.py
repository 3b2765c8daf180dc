"""Tests lie in folders like the library's, and share helpers, never each other."""

import ast
from collections import Counter

import pytest
from project_paths import HELPERS, ROOT, SCRIPTS

TESTS = ROOT / "tests"
# behavior of the whole, and what only some machines can run
OTHERS = {"bench", "cluster", "helpers", "workflow"}


def imported_by(path):
    """The first name of every module that a file imports, in functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.slow
def test_no_test_module_is_imported_by_another():
    modules = list(TESTS.rglob("*.py"))
    tests = {path.stem for path in modules if path.stem.startswith("test_")} | {"conftest", "tests"}
    assert len(tests) > 80
    imports = [(path.relative_to(TESTS).as_posix(), name) for path in modules for name in imported_by(path)]
    assert [pair for pair in imports if pair[1] in tests] == []


def test_helpers_hold_no_tests_and_tests_no_second_name():
    names = Counter(path.name for path in TESTS.rglob("*.py") if path.name != "conftest.py")
    assert [name for name, times in names.items() if times > 1] == []
    assert not list(HELPERS.glob("test_*"))


def test_each_folder_of_tests_is_a_room_of_the_library_or_names_a_behavior():
    folders = {path.parent.name for path in TESTS.glob("*/test_*.py")}
    rooms = {path.parent.name for path in (SCRIPTS / "lowpower").glob("*/__init__.py")}
    assert folders - OTHERS <= rooms and rooms <= folders
