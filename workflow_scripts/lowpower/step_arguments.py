"""Arguments of a step: one function of the library, whose parameters have the names used in its rule.

A rule names all of its inputs, outputs and params. Each becomes the argument of the same name, except those that serve
Snakemake alone (``LEFT_OUT``).
"""

import argparse
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from lowpower.errors import InputError
from lowpower.typed_values import LISTS, alternatives, as_type

LEFT_OUT = {
    "code": "param: hash of the code of a step; a change reruns it",
    "stamp": "param, also as the end of a name: size and time of a user's file, which is no input",
    "claims": "input: the register of claims, to be written before the first teacher",
    "demo_slide": "input: the slide that a rule draws; the step gets its path as a param, as of a user's slide",
}


def is_left_out(name: str) -> bool:
    """True for names of a rule that need not be a parameter of its step."""
    return name in LEFT_OUT or name.endswith("_stamp")


def arguments_of(step: Callable[..., None], named: Mapping[str, Any]) -> dict[str, Any]:
    """Convert plain values by name to the arguments of a step, each of the type in the parameter's annotation.

    An empty list or a missing value becomes None if the annotation allows None.
    """
    hints, arguments = get_type_hints(step), {}
    for name, parameter in inspect.signature(step).parameters.items():
        optional = NoneType in get_args(hints[name])
        if name in named and not (optional and _is_empty(named[name])):
            arguments[name] = as_type(hints[name], named[name])
        elif optional and parameter.default is parameter.empty:
            arguments[name] = None
        elif parameter.default is parameter.empty:
            raise InputError(f"{step.__name__} needs {_option(name)}; see --help")
    unknown = [name for name in named if name not in hints and not is_left_out(name)]
    if unknown:
        raise InputError(f"{step.__name__} has no parameter {unknown[0]!r}; it takes {', '.join(hints)}")
    return arguments


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, list) and not value)


def read_command_line(step: Callable[..., None], words: Sequence[str] | None = None) -> dict[str, Any]:
    """Read the arguments of a step from a shell: one option per parameter, or a JSON file with any of them by name."""
    parser = argparse.ArgumentParser(
        description=inspect.getdoc(step), formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--arguments", metavar="FILE", help="JSON file of arguments by name; the other options win")
    for name, hint in get_type_hints(step).items():
        if name != "return":
            parser.add_argument(_option(name), dest=name, default=argparse.SUPPRESS, **_reading(hint))
    options = vars(parser.parse_args(words))
    file = options.pop("arguments")
    return arguments_of(step, (json.loads(Path(file).read_text(encoding="utf-8")) if file else {}) | options)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _reading(hint: Any) -> dict[str, Any]:
    """Options of argparse for a parameter of this type: text, lists of text and flags as words, all else as JSON."""
    kind = next(kind for kind in alternatives(hint) if kind is not NoneType)
    about = {"help": inspect.formatannotation(hint).replace("pathlib.", "").replace("collections.abc.", "")}
    if kind is bool:
        return about | {"action": argparse.BooleanOptionalAction}
    listed = get_origin(kind) in LISTS
    texts = alternatives(get_args(kind)[0] if listed else hint)
    if texts[0] is str:
        return about | {"metavar": "FILE" if Path in texts else "TEXT"} | ({"nargs": "*"} if listed else {})
    if is_dataclass(kind):
        about["help"] += f" with {', '.join(get_type_hints(kind))}"
    return about | {"metavar": "JSON", "type": _json}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON ({error})") from error
