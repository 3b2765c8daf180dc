"""The settings classes: one home for each default, and the schema that is written from them."""

from dataclasses import FrozenInstanceError, dataclass, fields
from typing import Literal

import pytest
import yaml
from project_paths import CONFIG_SCHEMA, SHEET_SCHEMA

from lowpower.config.config_page import config_schema
from lowpower.config.json_schema import schema_of, sheet_schema
from lowpower.config.method_settings import Distill, Finetune, Method
from lowpower.config.settings import ABSENT, REQUIRED, Settings, setting
from lowpower.config.sheet_row import PatientRow, SheetRow
from lowpower.config.study import Study
from lowpower.config.validation import checked
from lowpower.typed_values import as_type

LEAST = {
    "cohort": "own", "slides": "slides.csv", "classes": ["a", "b"], "teacher_magnification": 10,
    "student_magnifications": [5], "methods": {"sskd": {"distill": {"images": "all"}}},
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Dials(Settings):
    share: float = setting(0.5, "A share.", minimum=0, maximum=1)


@dataclass(frozen=True, kw_only=True)
class Example(Settings):
    name: str = setting(REQUIRED, "A name.", form="letters")
    kind: Literal["a", "b"] = setting("a", "A kind.")
    counts: list[int] = setting([1], "Counts.", minItems=1, items={"minimum": 1})
    dials: Dials = setting(Dials(), "Dials.")
    extra: Dials | None = setting(ABSENT, "More dials, or none.")
    stage: Dials | None = setting(None, "A stage; null for none.")
    rows: dict[str, Dials] = setting(REQUIRED, "Dials by name.")
    limit: int | None = setting(ABSENT, "A limit, or none.")
    names: str | list[str] | None = setting(ABSENT, "One name, or several.")


def test_a_schema_has_the_types_ranges_and_defaults_of_its_settings():
    share = {"description": "A share.", "type": "number", "minimum": 0, "maximum": 1, "default": 0.5}
    dials = {"type": "object", "additionalProperties": False, "properties": {"share": share}}
    found = schema_of(Example, "example", "An example.")
    assert found["required"] == ["name", "rows"] and found["additionalProperties"] is False
    assert found["properties"] == {
        "name": {"description": "A name.", "type": "string", "form": "letters"},
        "kind": {"description": "A kind.", "enum": ["a", "b"], "default": "a"},
        "counts": {
            "description": "Counts.", "type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1,
            "default": [1],
        },
        "dials": {"description": "Dials.", **dials, "default": {}},
        "extra": {"description": "More dials, or none.", **dials},
        "stage": {"description": "A stage; null for none.", "oneOf": [{"type": "null"}, dials], "default": None},
        "rows": {"description": "Dials by name.", "type": "object", "additionalProperties": dials},
        "limit": {"description": "A limit, or none.", "type": "integer"},
        "names": {
            "description": "One name, or several.",
            "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
        },
    }  # fmt: skip


def test_plain_values_become_sections_and_plain_values_again():
    values = {"name": "x", "kind": "b", "counts": [2], "dials": {"share": 1}, "stage": {"share": 0}}
    values |= {"rows": {"one": {"share": 0.25}}}
    example = as_type(Example, values)
    assert (example.dials, example.stage, example.rows["one"]) == (Dials(share=1), Dials(share=0), Dials(share=0.25))
    assert example.extra is None and example.as_dict() == values
    assert list(example.as_dict()) == ["name", "kind", "counts", "dials", "stage", "rows"]
    assert as_type(Example, values | {"extra": {"share": 1}}).as_dict()["extra"] == {"share": 1}


def test_settings_are_frozen_and_share_no_default():
    one, other = Example(name="one", rows={}), Example(name="other", rows={})
    with pytest.raises(FrozenInstanceError):
        one.name = "x"
    assert one.counts == other.counts and one.counts is not other.counts


def test_a_study_of_the_required_keys_alone_has_the_defaults_of_the_classes():
    methods = {"sskd": Method(distill=Distill(images="all"))}
    study = as_type(Study, checked(LEAST, CONFIG_SCHEMA, "config"))
    assert study == Study(**LEAST | {"methods": methods})
    assert "demo" not in study.as_dict() and list(study.as_dict()) == [
        f.name for f in fields(Study) if f.name != "demo"
    ]


@pytest.mark.parametrize(
    "method, teacher, recording",
    [
        (Method(distill=Distill(images="all")), True, True),
        (Method(distill=Distill(images="all", teacher="online")), True, False),
        (Method(init="teacher", finetune=Finetune(images="labeled")), True, False),
        (Method(finetune=Finetune(images="labeled")), False, False),
    ],
)
def test_what_a_method_needs_of_its_teacher(method, teacher, recording):
    assert (method.needs_teacher, method.replays_recording) == (teacher, recording)


def test_schema_files_are_those_of_the_classes():
    assert yaml.safe_load(CONFIG_SCHEMA.read_text(encoding="utf-8")) == config_schema(), "run `make docs`"
    assert yaml.safe_load(SHEET_SCHEMA.read_text(encoding="utf-8")) == sheet_schema(), "run `make docs`"


def test_splits_see_the_columns_that_decide_about_them_alone():
    row = SheetRow(
        slide="s", path="s.svs", patient="p", label="a", site="x", mpp=0.25, file="d/s.svs", others={"n": "1"}
    )
    assert PatientRow.of(row) == PatientRow(slide="s", patient="p", label="a", site="x")
