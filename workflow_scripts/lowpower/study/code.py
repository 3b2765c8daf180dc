"""A hash of what a script does, so that a changed helper reruns its rule and a changed comment reruns nothing.

Snakemake sees neither a change in a module that a script imports nor that a change is a comment.
The hash covers the syntax trees, without docstrings, of the script and of every lowpower module it imports.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _meaning(tree: ast.Module) -> str:
    """The tree as text without docstrings, comments, layout and line numbers."""
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


def _imports(tree: ast.Module, root: Path) -> set[Path]:
    """The files of the lowpower modules named by import statements anywhere in the tree."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    files = {root / f"{name.replace('.', '/')}.py" for name in names if name.split(".")[0] == "lowpower"}
    return {path for path in files if path.is_file()}


def modules_of(script: Path) -> list[Path]:
    """The script and every lowpower module it imports, at any depth, sorted.

    script: a file in workflow_scripts/; ``lowpower`` is the folder beside it.
    """
    seen: set[Path] = set()
    waiting = {script}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        waiting |= _imports(_parse(path), script.parent) - seen
    return sorted(seen)


@cache
def code_hash(script: Path) -> str:
    """16 hex digits that change when the script, or a lowpower module it imports, comes to do something else."""
    text = "\n".join(f"{path.relative_to(script.parent)}\n{_meaning(_parse(path))}" for path in modules_of(script))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
