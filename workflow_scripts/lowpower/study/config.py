"""The configuration: checked once against its schema, filled with defaults, and frozen from then on."""

import difflib
import math
from pathlib import Path

import jsonschema
import yaml

from lowpower import magnification


class ConfigError(ValueError):
    """Something in the configuration that the user has to change; the message says what and how."""


def read_config(raw: dict, schema: str | Path) -> dict:
    """The complete configuration: ``raw`` with every default filled in.

    Raises ConfigError naming the key, what was found and what to write.
    """
    rules = yaml.safe_load(Path(schema).read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(rules).iter_errors(raw)
    error = min(errors, key=lambda e: ([str(k) for k in e.absolute_path], e.message), default=None)
    if error is not None:
        raise ConfigError(_explain(error))
    config = _filled(raw, rules)
    _check_scales(config)
    _check_methods(config)
    return config


def _explain(error: jsonschema.ValidationError) -> str:
    """One sentence for a schema error: the key, what was found, what to write."""
    while error.context:  # of the branches of a oneOf, the one that was meant
        meant = [e for e in error.context if e.validator not in ("type", "const")]
        if not meant:
            break
        error = meant[0]
    key = ".".join(str(k) for k in error.absolute_path)
    if error.validator == "additionalProperties":
        known = list(error.schema.get("properties", {}))
        unknown = sorted(set(error.instance) - set(known))[0]
        near = difflib.get_close_matches(unknown, known, 1, 0.5)
        hint = f"did you mean `{near[0]}`?" if near else f"known keys here: {', '.join(known)}"
        return f"config: unknown key `{f'{key}.' if key else ''}{unknown}`; {hint}"
    if error.validator == "required":
        return (
            f"config: {error.message.replace(chr(39), '`')}{f' of `{key}`' if key else ''}; see docs/configuration.md"
        )
    about = error.schema.get("description", "") if isinstance(error.schema, dict) else ""
    return f"config: `{key}`: {error.message}{f'. {about}' if about else ''}"


def _filled(value: object, rules: dict) -> object:
    """``value`` with the defaults of the schema, at every depth; nothing of the caller's is changed."""
    if isinstance(value, list):
        return [_filled(item, rules.get("items", {})) for item in value]
    if not isinstance(value, dict):
        return value
    rules = next((r for r in rules.get("oneOf", []) if r.get("type") == "object"), rules)
    known = rules.get("properties", {})
    others = rules.get("additionalProperties")
    filled = {
        key: _filled(item, known.get(key, others if isinstance(others, dict) else {})) for key, item in value.items()
    }
    for key, rule in known.items():
        if key not in filled and "default" in rule:
            filled[key] = _filled(rule["default"], rule)
    return filled


def _check_scales(config: dict) -> None:
    """Students lie below the teacher by whole, even reductions; fields of a grid fit the coarsest of them."""
    teacher = config["teacher_magnification"]
    for low in _lows(config):
        write = f"write {teacher / 2:g}, {teacher / 4:g}, {teacher / 8:g} ..."
        key = "student_magnifications" if low in config["student_magnifications"] else "coarsest_magnification"
        try:
            reduction = magnification.reduction_between(teacher, low)
        except ValueError as error:
            raise ConfigError(f"config: `{key}`: {error}; {write}") from None
        if reduction % 2:  # the teacher's maps are recorded at half its grid, which only even reductions nest in
            raise ConfigError(f"config: `{key}`: {low:g} is the teacher's {teacher:g} reduced by {reduction}; {write}")
    if config["unit"] == "grid":
        mpp = magnification.mpp_of(teacher)
        for key, multiple in (("size_um", region_multiple(config)), ("stride_um", 1)):
            size = config["grid"][key]
            near = max(1, round(size / mpp / multiple)) * multiple
            if size and abs(size / mpp - near) > 1e-6:  # a stride of 0 stands for size_um
                why = " (32 x the largest reduction)" if multiple > 1 else ""
                raise ConfigError(
                    f"config: `grid.{key}`: {size:g} µm is {size / mpp:g} px at {magnification.name_of(teacher)}, "
                    f"not a multiple of {multiple} px{why}; the nearest is {near * mpp:g}"
                )


def _check_methods(config: dict) -> None:
    """Each row learns something, from what it says it learns from."""
    for name, row in config["methods"].items():
        distill, finetune = row["distill"], row["finetune"]
        if not distill and not finetune:
            raise ConfigError(f"config: `methods.{name}` learns nothing: give it `distill`, `finetune` or both")
        if distill and distill["cross_entropy"] and distill["images"] != "labeled":
            raise ConfigError(f"config: `methods.{name}.distill`: cross_entropy needs labels: write `images: labeled`")


def _lows(config: dict) -> list[float]:
    """Every magnification that regions must fit: the students', and the coarsest one planned."""
    coarsest = config["coarsest_magnification"]
    return config["student_magnifications"] + ([coarsest] if coarsest else [])


def region_multiple(config: dict) -> int:
    """Sides of regions, in teacher pixels, are multiples of this: 32 x the largest reduction.

    So area means are exact and the maps of teacher and students nest.
    """
    teacher = config["teacher_magnification"]
    return 32 * math.lcm(*(magnification.reduction_between(teacher, low) for low in _lows(config)))
