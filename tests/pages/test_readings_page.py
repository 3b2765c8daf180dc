"""The page of readings: order, marks, reasons, pictures beside it, and its size at 2,000 slides."""

from dataclasses import replace

import pytest
from package_files import CLASSES, write_package
from page_files import Page
from readings_files import REASON, many_rows, package_in, reading_row, write_readings

from lowpower.config.package import TERMS, TeacherPackage
from lowpower.pages.banners import Banner
from lowpower.reading.reading_files import columns_of_table
from lowpower.reading_paths import overlay_of, preview_of

ODD = '<b>A & "B"</b> 😀'


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = write_package(tmp_path_factory.mktemp("page"))
    return replace(package_in(folder), terms=TERMS, teacher=TeacherPackage(name="teacher-seed0", sha256="0" * 64))


@pytest.fixture
def rows(package):
    return [
        reading_row(package, "sure", 0.99),
        reading_row(package, "broken", 0, state="unreadable"),
        reading_row(package, ODD, 0.55, answer=1, read_by="teacher", warning="ink <on> it"),
        reading_row(package, "middle", 0.8),
    ]


def test_the_least_sure_come_first_with_answer_mark_and_warning(tmp_path, package, rows):
    page = Page(write_readings(tmp_path, package, rows, b"picture"))
    shown = [text for text, tags in page.texts if tags[-1:] == ("b",) and "figcaption" in tags]
    assert shown == [ODD, "middle", "sure"]
    captions = [text for text, tags in page.texts if "figcaption" in tags and text.strip(" \n·")]
    assert captions[:7] == [
        ODD,
        "read by the teacher",
        CLASSES[1],
        "54.5 %",
        "Warning: ink <on> it",
        "GeoJSON",
        "OME-TIFF",
    ]
    assert captions.count("read by the teacher") == 1 and captions[7:10] == ["middle", CLASSES[0], "77.0 %"]
    assert "54.5" in [attrs["value"] for tag, attrs in page.tags if tag == "meter"]


def test_what_could_not_be_read_is_listed_with_its_reason(tmp_path, package, rows):
    page = Page(write_readings(tmp_path, package, rows))
    cells = [text for text, tags in page.texts if "td" in tags]
    assert cells[-3:] == ["broken", "unreadable", REASON]
    assert "1 slide" in page.words and any("1 not read" in text for text in page.words)
    all_read = Page(write_readings(tmp_path, package, [row for row in rows if row["state"] == "read"]))
    assert not any(
        "ot read" in text for text in all_read.words if "not read;" not in text and "was not read" not in text
    )


def test_answers_are_counted_by_class_and_banners_stand_above(tmp_path, package, rows):
    text = write_readings(
        tmp_path, package, rows, banners=[Banner("33 % were referred; 25 % were expected", "warning")]
    )
    page = Page(text)
    cells = [cell for cell, tags in page.texts if "td" in tags]
    assert cells[:8] == [CLASSES[0], "2", "0", "85.5", CLASSES[1], "1", "1", "54.5"]
    assert text.index("banner warning") < text.index("<table>") and TERMS in page.words
    lead = "".join(words for words, tags in page.texts if "p" in tags)
    assert f"3 read with {package.name} of cohort own at 2.5x (4.0 µm/px); 1 of them read again by the teacher" in lead


def test_a_teachers_own_readings_are_not_called_referred(tmp_path, package, rows):
    teacher = replace(package, method="teacher", teacher=None)
    kept = [{name: row[name] for name in columns_of_table(teacher)} for row in rows if row["state"] == "read"]
    text = write_readings(tmp_path, teacher, [row | {"read_by": "teacher"} for row in kept])
    assert "read by the teacher" not in text and "read again" not in text


def test_without_calibration_the_stored_probability_is_shown_and_the_page_says_so(tmp_path, package):
    text = write_readings(tmp_path, package, [reading_row(package, "a", 0.8, calibrated=False)])
    assert "80.0 %" in Page(text).words and "not calibrated" in text


def test_pictures_are_files_beside_the_page_and_nothing_else_may_be_fetched(tmp_path, package, rows):
    text = write_readings(tmp_path, package, rows, b"picture")
    page = Page(text)
    sources = [attrs["src"] for tag, attrs in page.tags if tag == "img"]
    assert len(sources) == 3 and preview_of("sure") in sources
    assert all(attrs["loading"] == "lazy" for tag, attrs in page.tags if tag == "img")
    assert overlay_of("sure") in page.links() and "readings.csv" in page.links()
    policy = next(attrs["content"] for tag, attrs in page.tags if "http-equiv" in attrs)
    assert "default-src 'none'; img-src data: 'self' file:;" in policy
    assert "http://" not in text and "https://" not in text
    assert "<img" not in write_readings(tmp_path / "plain", package, rows)


def test_without_any_slide_read_the_page_says_why(tmp_path, package, rows):
    page = Page(write_readings(tmp_path, package, [row for row in rows if row["state"] != "read"]))
    assert REASON in page.words


@pytest.mark.slow
def test_two_thousand_slides_make_a_page_of_less_than_two_megabytes(tmp_path, package):
    text = write_readings(tmp_path, package, many_rows(package, 2000), b"picture")
    assert len(text.encode()) < 2_000_000
    assert Page(text).tags.count(("figcaption", {})) == 1950
    assert text == write_readings(tmp_path, package, many_rows(package, 2000), b"picture")
