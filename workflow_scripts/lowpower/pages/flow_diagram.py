"""The flow of slides, in the manner of a CONSORT diagram: in the sheet, excluded and why, usable, in which split."""

from collections import Counter
from collections.abc import Sequence

from lowpower.pages.page import INTAKE, prose
from lowpower.text import count_of

MOST_REASONS = 5  # of one step; the table below the diagram has them all
_COHORT = "tables/cohort.csv"
_STEM = '<div class="stem"></div>'
_STEPS = {"check_slide": "when opened", "mask_tissue": "when tissue was looked for", "tile_slide": "when cut"}


def flow(slides: Sequence[dict[str, str]], counts: Sequence[dict[str, str]]) -> str:
    """The diagram. slides: rows of intake.csv; counts: rows of cohort.csv, or none before there is a division."""
    usable = [row for row in slides if row["state"] == "usable"]
    excluded = [row for row in slides if row["state"] != "usable"]
    regions = sum(int(row["regions"]) for row in usable)
    parts = [
        _box("main", f"{count_of(len(slides), 'slide')} in the sheet", count_of(_patients(slides), "patient")),
        _STEM,
        _excluded(excluded) if excluded else "",
        _box(
            "main",
            f"{count_of(len(usable), 'slide')} usable",
            f"{count_of(_patients(usable), 'patient')}, {count_of(regions, 'region')}",
        ),
        _splits(counts) if counts else "",
    ]
    body = "\n".join(part for part in parts if part)
    return f'<div class="flow" role="group" aria-label="Flow of slides">\n{body}\n</div>'


def _patients(slides: Sequence[dict[str, str]]) -> int:
    return len({row["patient"] for row in slides})


def _box(kind: str, title: str, words: str, points: Sequence[str] = (), source: str = INTAKE) -> str:
    listed = "".join(f"<li>{prose(point, source)}</li>" for point in points)
    return (
        f'<div class="box {kind}"><p><b>{prose(title, source)}</b></p>'
        + (f"<p>{prose(words, source)}</p>" if words else "")
        + (f"<ul>{listed}</ul>" if listed else "")
        + "</div>"
    )


def _excluded(slides: Sequence[dict[str, str]]) -> str:
    """The excluded slides by step, in the order of the steps, each with its commonest reasons."""
    points = []
    for step in dict.fromkeys([*_STEPS, *(row["step"] for row in slides)]):
        reasons = Counter(row["reason"] for row in slides if row["step"] == step)
        common = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
        points += [f"{count} {_STEPS.get(step, step)}: {reason}" for reason, count in common[:MOST_REASONS]]
        rest = sum(count for _, count in common[MOST_REASONS:])
        points += [f"{rest} {_STEPS.get(step, step)}: other reasons, listed below"] if rest else []
    return _box("out", f"{count_of(len(slides), 'slide')} excluded", "", points)


def _splits(counts: Sequence[dict[str, str]]) -> str:
    """Patients and regions of each split, of the first seeds where the seeds divide the patients differently."""
    first = [row for row in counts if row["seeds"] == counts[0]["seeds"]]
    boxes = []
    for split in dict.fromkeys(row["split"] for row in first):
        rows = [row for row in first if row["split"] == split]
        patients, regions = (sum(int(row[key]) for row in rows) for key in ("patients", "regions"))
        points = [
            f"{row['class']}: {count_of(int(row['patients']), 'patient')}, {count_of(int(row['regions']), 'region')}"
            for row in rows
        ]
        words = f"{count_of(patients, 'patient')}, {count_of(regions, 'region')}"
        boxes.append(_box("", split, words, points, _COHORT))
    others = len({row["seeds"] for row in counts}) > 1
    words = f"<p class=soft>Seeds {first[0]['seeds']}; the table below has every division.</p>" if others else ""
    return f'{_STEM}\n<div class="splits">{"".join(boxes)}</div>{words}'
