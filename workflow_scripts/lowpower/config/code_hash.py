"""Hash of the code behind a script: a changed helper reruns its rule, a changed comment reruns nothing.

Snakemake does not detect a change in a module that a script imports, and takes a changed comment for a change.
The hash covers the syntax trees, without docstrings, of the script and of every lowpower module it imports, and every
file of the folder ``templates`` beside any of these modules.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache  # parsing and dumping shared modules takes most of the time in which the workflow is read
def _read(path: Path, root: Path) -> tuple[str, set[Path]]:
    """A file's syntax tree as text, and the lowpower modules below ``root`` that it imports.

    The text omits docstrings, and the default, description and range of each setting.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
        elif isinstance(node, ast.AnnAssign) and _is_setting(node.value):
            node.value = None  # a step gets the value of a setting as a param
    files = {root / f"{name.replace('.', '/')}.py" for name in names if name.split(".")[0] == "lowpower"}
    return ast.dump(tree), {file for file in files if file.is_file()}


def _is_setting(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "setting"


def modules_of(script: Path) -> list[Path]:
    """The script and every lowpower module it imports, at any depth, sorted.

    script: a file in workflow_scripts/; ``lowpower`` is the folder beside it.
    """
    visited: set[Path] = set()
    waiting = {script}
    while waiting:
        path = waiting.pop()
        visited.add(path)
        waiting |= _read(path, script.parent)[1] - visited
    return sorted(visited)


def templates_of(modules: list[Path]) -> list[Path]:
    """The files of the templates folders beside the modules, sorted."""
    return sorted(file for folder in {module.parent for module in modules} for file in folder.glob("templates/*"))


@cache
def code_hash(script: Path) -> str:
    """Return 16 hex digits that change with the code of the script, of its modules or of their templates."""
    root, modules = script.parent, modules_of(script)
    texts = [(path, _read(path, root)[0]) for path in modules]
    texts += [(path, path.read_text(encoding="utf-8")) for path in templates_of(modules)]
    text = "\n".join(f"{path.relative_to(root)}\n{content}" for path, content in texts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
