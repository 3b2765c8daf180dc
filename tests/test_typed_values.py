from dataclasses import dataclass

import pytest

from lowpower.tables.intake_table import IntakeRow
from lowpower.typed_values import as_cells, columns_of, typed_rows


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    class_: str = "none"
    count: int | None = None
    size: float = 0.5


@pytest.mark.parametrize("size", ["0", "-64", "0.0", "1e-06", "12.345", "-0.1"])
def test_a_row_of_text_is_the_same_again(size):
    cells = {"name": "1.0", "class": "a", "count": "", "size": size}
    (row,) = typed_rows(Row, [cells])
    assert row == Row(name="1.0", class_="a", count=None, size=float(size)) and as_cells(row) == cells
    assert list(cells) == columns_of(Row)


def test_missing_columns_have_their_default_and_others_are_left_out():
    assert typed_rows(Row, [{"name": "a", "count": "3", "more": "x"}]) == [Row(name="a", count=3)]
    with pytest.raises(TypeError, match="name"):
        typed_rows(Row, [{"count": "3"}])
    with pytest.raises(ValueError, match="many"):
        typed_rows(Row, [{"name": "a", "count": "many"}])


def test_an_unusable_slide_has_blank_cells():
    row = IntakeRow(slide="a", state="excluded", step="check_slide", reason="no file")
    cells = as_cells(row)
    assert (cells["mpp"], cells["width"], cells["regions"]) == ("", "", "0")
    (again,) = typed_rows(IntakeRow, [cells])
    assert again.mpp is None and not again.is_usable
