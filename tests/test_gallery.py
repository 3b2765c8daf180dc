import json

import numpy as np
import pytest

from lowpower.files import encode, write_images
from lowpower.tables.gallery import draw_examples


@pytest.fixture
def examples(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (16, 24, 3), dtype=np.uint8)
    rows = [{"region": f"r{k}", "truth": "<a>", "teacher": "<a>", "student": "b$"} for k in range(2)]
    images = [
        (f"{key}/r{k}{end}.png", encode(noise))
        for key in ("teacher", "student")
        for k in (0, 1)
        for end in ("", ".map")
    ]
    write_images(tmp_path / "examples.zip", [*images, ("examples.json", json.dumps(rows).encode())])
    return tmp_path / "examples.zip"


def test_every_example_is_drawn_and_every_call_is_told(examples, tmp_path):
    for run in "ab":
        scales = {"teacher": "10x", "student": "2.5x"}
        draw_examples(examples, scales, tmp_path / f"{run}.svg", tmp_path / f"{run}.png")
    text = (tmp_path / "a.svg").read_text()
    assert text.count("<image") == 2 * 4
    assert text.count("<!-- ✓ &lt;a&gt; -->") == 2 and text.count("<!-- ✗ b$ -->") == 2
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_no_example_gives_an_empty_figure(tmp_path):
    write_images(tmp_path / "examples.zip", [("examples.json", b"[]")])
    draw_examples(tmp_path / "examples.zip", {"teacher": "10x"}, tmp_path / "a.svg", tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0
