import re
import time

import numpy as np
import pytest
from page_files import CLASSES, DOUBT, EXCLUDED, SLIDES, Page, complete_config, intake_page_of, intake_rows, part_of

from lowpower import files
from lowpower.pages.banners import ON_PURPOSE, next_steps
from lowpower.pages.intake_page import show_intake
from lowpower.slides.slide_check import check_slide
from lowpower.tables.intake_table import IntakeRow

PROBLEM = "patient '<u>' has two labels; write one of `a < b`"


def top_of(text):
    """The words above the counts."""
    return "".join(Page(text[text.index("<h1>") : text.index('<section id="cohort">')]).words)


def test_what_is_missing_stands_first_and_training_is_offered_only_when_it_can_start(tmp_path):
    top = top_of(intake_page_of(tmp_path, problems=[PROBLEM], counted=False))
    assert "Training cannot start yet" in top and "patient '<u>' has two labels; write one of a < b" in top
    assert "1 slide cannot be used without a change:@x: no <mpp>; write mpp into the sheet" in top
    assert "run snakemake" not in top and top.index("Next step") < top.index("Training cannot start")
    assert top.index("Training cannot start") < top.index("cannot be used") < top.index("synthetic")


@pytest.mark.parametrize(
    "left_out, expected",
    [
        ({}, "The sheet is complete. To start training, run"),
        ({"A": "no mpp", "B": "no mpp"}, "Training can start without them: run"),
    ],
)
def test_without_problems_the_next_command_is_named(left_out, expected):
    rows = [row | {"slide": slide} for row, slide in zip(intake_rows(), "ABCDEFGH", strict=True)]
    rows = [row | {"state": "usable", "reason": "", "step": "tile_slide"} for row in rows]
    for row in rows:
        if row["slide"] in left_out:
            row |= {"state": "excluded", "step": "check_slide", "reason": left_out[row["slide"]]}
    text = part_of("banners", next_steps([IntakeRow(**row) for row in rows], []))
    assert expected in text and "<code>snakemake</code>" in text
    assert ("A, B: no mpp" in text) == bool(left_out)


def test_a_slide_that_the_sheet_leaves_out_is_not_missing(tmp_path):
    assert EXCLUDED["😀 10x"].startswith(ON_PURPOSE)
    check_slide("s", path="none.svs", mpp=None, exclude="a fold", state=tmp_path / "s.json")
    assert files.read_json(tmp_path / "s.json")["reason"] == f"{ON_PURPOSE}: a fold"


def test_a_warning_is_shown_with_its_slide_and_above_all(tmp_path):
    text = intake_page_of(tmp_path)
    assert text.count("1 slide with a warning") == 1 and "1 slide with a warning" in top_of(text)
    card = next(card for card in text.split("<figure") if 'class="doubt"' in card)
    assert SLIDES[0] in "".join(Page(f"<figure{card}").words) and DOUBT in "".join(Page(f"<figure{card}").words)


def test_slides_are_counted_by_label_shown_and_listed(tmp_path):
    text = intake_page_of(tmp_path)
    shown = Page(text)
    assert re.findall("<h2>(.*?)</h2>", text) == ["Next step", "Cohort", "Slides", "Intake table"]
    by_label = re.sub("</?a.*?>", "", text[text.index("By label") : text.index("By split")])
    rows = [re.findall("<td.*?>(.*?)</td>", line) for line in by_label.splitlines() if "<td" in line]
    assert [row[1:] for row in rows] == [["3", "2", "1"], ["4", "3", "1"], ["1", "1", "0"]]
    assert rows[2][0] == "unlabeled"
    assert sum(tag == "img" for tag, _ in shown.tags) == len(SLIDES)
    for name in (*SLIDES, *CLASSES):
        assert name in shown.words
    assert {"µm/px", "scale from", "tissue mm²"} <= set(shown.words)


def test_500_slides_stay_one_page_that_opens(tmp_path):
    """Of 20 kB each, as an overview of nearly all tissue has; a browser decodes only those that come into view."""
    rows = [intake_rows()[0] | {"slide": f"S{k:03d}"} for k in range(500)]
    files.write_rows(tmp_path / "intake.csv", list(rows[0]), rows)
    noise = np.random.default_rng(0).integers(0, 255, (32, 42, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    data = files.encode(noise, 80)
    (tmp_path / "o.jpg").write_bytes(data + bytes(20_000 - len(data)))
    files.write_json(tmp_path / "config.json", complete_config().as_dict())
    start = time.perf_counter()
    show_intake(
        tmp_path / "config.json", intake=tmp_path / "intake.csv", overviews=[tmp_path / "o.jpg"] * 500,
        slides=[row["slide"] for row in rows], labels=[""] * 500, cohort=None, problems=[],
        page=tmp_path / "intake.html",
    )  # fmt: skip
    assert time.perf_counter() - start < 20  # .2 s where nothing else runs
    text = (tmp_path / "intake.html").read_text(encoding="utf-8")
    assert len(text) < 15_000_000
    assert text.count('<img loading="lazy" decoding="async"') == text.count("<img") == 500


def test_before_there_is_a_division_the_page_has_no_splits(tmp_path):
    text = intake_page_of(tmp_path, counted=False)
    assert "By split" not in text and 'class="splits"' not in text
    Page(text)
    assert intake_page_of(tmp_path, counted=False) == text
