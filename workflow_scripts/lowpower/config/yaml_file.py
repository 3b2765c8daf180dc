"""Read YAML and JSON files strictly: anything that a parser would silently lose or change is an error.

YAML 1.1, which Snakemake reads, keeps the last of two equal keys, and reads 010 as 8, 1:30 as 90 and NO as false.
"""

import json
from contextlib import suppress
from typing import Any, NamedTuple

import yaml

from lowpower.errors import InputError

_KIND = "tag:yaml.org,2002:"
_WORDS = {"bool": "true or false", "null": "nothing", "timestamp": "a date", "int": "a number", "float": "a number"}


class Unquoted(NamedTuple):
    """An unquoted value in a file that YAML does not read as text."""

    value: Any
    text: str
    location: str


def parse(content: bytes, file: str) -> tuple[Any, dict[tuple, Unquoted]]:
    """Return a file's content, and its unquoted values that YAML does not read as text, by path, as ("classes", 0).

    file: its name in messages. Raises InputError naming the line, how YAML reads it and what to write.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{file}, line {line}: a character is not UTF-8; save the file as text in UTF-8") from None
    try:
        if text.lstrip()[:1] in ("{", "["):
            with suppress(json.JSONDecodeError):  # YAML may begin with a brace too
                return json.loads(text, object_pairs_hook=lambda pairs: _object(pairs, file)), {}
        node = yaml.compose(text, yaml.SafeLoader)
        unquoted: dict[tuple, Unquoted] = {}
        if node is not None:
            _check_node(node, (), unquoted, file, {})
        return yaml.safe_load(text), unquoted
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = f", line {mark.line + 1}" if mark else ""
        tab = "\\t" in str(error.problem)
        hint = "indent with spaces, not tabs" if tab else "correct this line or the one above it"
        raise InputError(f"{file}{position}: this is not YAML ({error.problem}); {hint}") from None
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # an invalid character or date
        raise InputError(f"{file}: this is not YAML ({' '.join(str(error).split())})") from None


def _object(pairs: list[tuple[str, Any]], file: str) -> dict:
    """Build a JSON object. Raises InputError for a repeated key."""
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise InputError(f"{file}: the key `{key}` occurs twice in one section; remove one")
    return dict(pairs)


def _check_node(node: yaml.Node, path: tuple, unquoted: dict, file: str, finished: dict[yaml.Node, bool]) -> None:
    """Check a node and all below it. finished: the nodes visited so far, True once all below a node is checked."""
    if not finished.get(node, True):
        raise InputError(f"{file}, {_line(node)}: an anchor (&) contains itself; write the value out")
    if node in finished:  # another use of an anchor
        return
    finished[node] = False
    if isinstance(node, yaml.ScalarNode):
        _check_scalar(node, path, unquoted, file)
    elif isinstance(node, yaml.SequenceNode):
        for i, item in enumerate(node.value):
            _check_node(item, (*path, i), unquoted, file, finished)
    else:
        lines: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if key.tag != f"{_KIND}merge":
                _check_key(key, lines, file)
            _check_node(value, (*path, key.value if isinstance(key, yaml.ScalarNode) else ""), unquoted, file, finished)
    finished[node] = True


def _check_key(key: yaml.Node, lines: dict[str, yaml.Node], file: str) -> None:
    """Raise InputError for a key that is not text, or that is repeated; lines: the keys before it."""
    if not isinstance(key, yaml.ScalarNode):
        raise InputError(f"{file}, {_line(key)}: a key is a list or section; write text")
    if key.tag != f"{_KIND}str":
        kind = _WORDS.get(key.tag.removeprefix(_KIND), key.tag)
        raise InputError(
            f"{file}, {_line(key)}: YAML reads the key {key.value or 'that is blank'} as {kind}; write it in quotes, "
            f'"{key.value}"'
        )
    if key.value in lines:
        first = lines[key.value].start_mark.line + 1
        raise InputError(
            f"{file}, lines {first} and {key.start_mark.line + 1}: the key `{key.value}` occurs twice in one section, "
            "and YAML keeps only the last; remove one, or merge their values under one key"
        )
    lines[key.value] = key


def _check_scalar(node: yaml.ScalarNode, path: tuple, unquoted: dict, file: str) -> None:
    """Store a value that YAML does not read as text; raise InputError if a person would read it differently."""
    kind = node.tag.removeprefix(_KIND)
    if kind == "str" or node.style is not None:
        return
    value = "a date" if kind == "timestamp" else yaml.SafeLoader("").construct_object(node)
    if kind == "timestamp" or (kind in ("int", "float") and _decimal(node.value) != value):
        number = {"int": f" Write {value} if it is a number", "float": " Write a decimal number if it is one"}
        raise InputError(
            f'{file}, {_line(node)}: YAML reads {node.value} as {value}; write it in quotes, "{node.value}", if it is '
            f"text.{number.get(kind, '')}".rstrip(".")
        )
    unquoted[path] = Unquoted(value, node.value, f"{file}, {_line(node)}")


def _decimal(text: str) -> float | None:
    """The number that a person reads in a text: 10 in 010, None in 1:30, 0x10 and .inf."""
    try:
        return float(text)
    except ValueError:
        return None


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"
