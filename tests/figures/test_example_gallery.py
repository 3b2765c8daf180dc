import json
import re

import numpy as np
import pytest

from lowpower.figures.example_gallery import draw_disagreements, draw_examples
from lowpower.files import encode, write_images

SCALES = {"teacher": "10x", "student": "2.5x"}


def example(region, student, truth="<a>"):
    calls = {"teacher": truth, "teacher_probability": 0.987, "student": student, "student_probability": 0.6}
    return {"region": region, "truth": truth} | calls


@pytest.fixture
def examples(tmp_path):
    """Two drawn regions and one disagreement; regions are 16 x 96 px at 10x and 4 x 24 px at 2.5x."""
    draw = np.random.default_rng(0)
    rows = {"drawn": [example("r0", "<a>"), example("r1", "b$_$")], "disagreements": [example("r1", "b$_$")]}
    images = [
        (f"{key}/r{k}{end}.png", encode(draw.integers(0, 256, (16 // n, 96 // n, 3), dtype=np.uint8)))
        for key, n in (("teacher", 1), ("student", 4))
        for k in (0, 1)
        for end in ("", ".map")
    ]
    write_images(tmp_path / "examples.zip", [*images, ("examples.json", json.dumps(rows).encode())])
    return tmp_path / "examples.zip"


@pytest.mark.slow
@pytest.mark.parametrize("draw, rows, right, wrong", [(draw_examples, 2, 3, 1), (draw_disagreements, 1, 1, 1)])
def test_every_region_is_drawn_and_every_call_is_told(examples, tmp_path, draw, rows, right, wrong):
    for run in "ab":
        draw(examples, SCALES, tmp_path / f"{run}.svg", tmp_path / f"{run}.png")
    text = (tmp_path / "a.svg").read_text()
    assert text.count("<image") == rows * 4
    assert text.count("<!-- ✓ &lt;a&gt; ") == right and text.count("<!-- ✗ b$_$ 0.60 -->") == wrong
    assert text.count("96 µm wide") == rows
    assert text.count("<!-- teacher, 10x (1.0 µm/px) -->") == text.count("<!-- student, 2.5x (4.0 µm/px) -->") == 1
    for end in ("svg", "png"):
        assert (tmp_path / f"a.{end}").read_bytes() == (tmp_path / f"b.{end}").read_bytes()


@pytest.mark.slow
def test_both_magnifications_have_one_size_on_the_page(examples, tmp_path):
    draw_disagreements(examples, scales=SCALES, svg=tmp_path / "a.svg", png=tmp_path / "a.png")
    images = re.findall(r"<image[^>]*>", (tmp_path / "a.svg").read_text())
    assert len(images) == 4
    for side in ("width", "height"):
        sizes = [float(re.search(rf' {side}="([\d.]+)', image)[1]) for image in images]
        assert max(sizes) - min(sizes) < 1


@pytest.mark.parametrize(
    "draw, words",
    [
        (draw_examples, "There is no region whose true class is known."),
        (draw_disagreements, "There is no region that the teacher classifies correctly and the student wrongly."),
    ],
)
def test_where_there_is_none_the_figure_says_so(tmp_path, draw, words):
    write_images(tmp_path / "examples.zip", [("examples.json", b'{"drawn": [], "disagreements": []}')])
    draw(tmp_path / "examples.zip", SCALES, tmp_path / "a.svg", tmp_path / "a.png")
    assert f"<!-- {words} -->" in (tmp_path / "a.svg").read_text()
    assert (tmp_path / "a.png").stat().st_size > 0
