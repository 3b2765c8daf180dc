"""A small finished study on disk, with names over which no page and no table may stumble, and its two pages."""

from copy import deepcopy
from html.parser import HTMLParser

import numpy as np
from demo_config import demo
from model_files import write_header
from project_paths import ROOT

from lowpower import files
from lowpower.claims import claim_tests, claims_table
from lowpower.config.config_file import read_config
from lowpower.pages.intake_page import show_intake
from lowpower.pages.page import TEMPLATES
from lowpower.pages.report import write_report
from lowpower.tables import cohort_table, cost_table, hours_table, intake_table, referral_results, results_table
from lowpower.tables.cohort_counts import CohortRow

CLASSES = ['<b>A & "B"</b>', "=1+1"]
SLIDES = ["</td><script>bad()</script>", '=HYPERLINK("x")', "+1", "@x", "😀 10x", "'quoted'", "2", "10"]
EXCLUDED = {"@x": "no <mpp>; write `mpp` into the sheet", "😀 10x": "the sheet excludes it: a fold"}
DOUBT = "ink on 40 % of it; see <pen_um>"
VERSIONS = {"lowpower": "0.1.0", "torch": "9.8.7"}


def complete_config(**changes):
    """The demo's configuration with every default, and changes to it; None takes a key out."""
    raw = demo(**{"note": 'Note: <i>"5 %"</i>', "classes": CLASSES, "report_split": "val"} | deepcopy(changes))
    raw = {key: value for key, value in raw.items() if value is not None}
    return read_config(raw, ROOT / "schemas/config.schema.yaml")


def intake_rows():
    """Usable and excluded slides; every second scale is declared in the sheet."""
    return [
        {
            "slide": slide, "patient": f"P{k}", "state": "excluded" if slide in EXCLUDED else "usable",
            "step": "check_slide" if slide in EXCLUDED else "tile_slide", "reason": EXCLUDED.get(slide, ""),
            "vendor": "aperio", "width": 800, "height": 600, "levels": 2, "mpp": 0.5,
            "mpp_source": ("slide", "sheet")[k % 2], "tissue_mm2": 0 if slide in EXCLUDED else 1.5,
            "regions": 0 if slide in EXCLUDED else 3, "warning": DOUBT if k == 0 else "",
        }
        for k, slide in enumerate(SLIDES)
    ]  # fmt: skip


def cohort_rows():
    """Of 6 validation patients 4 are of the first class: whoever always says it is right in 66.7 %."""
    return [
        CohortRow(
            seeds="0", split=split, class_=name, patients=n, slides=n, excluded_slides=0, regions=3 * n, area_mm2=1.0
        )
        for split, counts in {"train": (9, 2), "val": (4, 2), "test": (5, 5)}.items()
        for name, n in zip(CLASSES, counts, strict=True)
    ]


def result_rows(teacher="0.9000"):
    """A teacher and two students, with accuracies that text would sort otherwise than numbers."""
    shared = {"per": "patient", "split": "val", "pixels": "averaged", "seeds": "1", "steps": "9", "n": "6"}
    shared |= {"patients": "6", "labeled": "100"}
    found = []
    for method, scale, unlabeled, accuracy in (
        ("teacher", "10x", "0", teacher), ("scratch", "2.5x", "0", "0.0900"), ("sskd", "2.5x", "50", "1.0000"),
    ):  # fmt: skip
        row = shared | {"method": method, "magnification": scale, "unlabeled": unlabeled, "accuracy": accuracy}
        row |= {"accuracy_low": "0.0800", "accuracy_high": "1.0000"}
        row |= {} if method == "scratch" else {"macro_f1": accuracy}
        found.append(row | {"accuracy_minus_teacher": {"scratch": "-0.8100", "sskd": "-0.0500"}.get(method, "")})
    return found


def cost_rows():
    return [dict.fromkeys(cost_table.COLUMNS, "1") | {"magnification": "10x", "device": "cpu", "latency_ms": "3.210"}]


def claim_rows():
    """One claim of each verdict."""
    shared = dict.fromkeys(claim_tests.COLUMNS, "") | {
        "metric": "accuracy",
        "per": "patient",
        "registered": "before training",
    }
    tested = {"patients": "40", "estimate": "0.0520", "low": "0.0110", "high": "0.0990", "seeds": "5"}
    tested |= {"p": "0.0012", "p_holm": "0.0036", "row": "sskd at 2.5x", "against": "teacher at 10x"}
    found = []
    for k, verdict in enumerate(claims_table.VERDICTS):
        row = shared | {"id": f"C{k}", "claim": "<i>Students</i> & teachers", "verdict": verdict}
        found.append(row | ({"why": "of <another> cohort"} if verdict == claims_table.UNTESTED else tested))
    return found


def hour_rows():
    """A training of many looks, then one of few."""
    row = dict.fromkeys(hours_table.COLUMNS, "1") | {"method": "sskd", "magnification": "2.5x", "hours": "1.2345"}
    return [row | {"looks": "48000", "teacher_hours": ""}, row | {"method": "scratch", "looks": "999"}]


def referral_rows():
    """One student, best of its magnification, at two shares; of the second nothing is known."""
    row = dict.fromkeys(referral_results.COLUMNS, "") | {"method": "sskd", "magnification": "2.5x", "labeled": "100"}
    row |= {
        "unlabeled": "50",
        "per": "patient",
        "split": "val",
        "seeds": "1",
        "n": "6",
        "best": "1",
        "asked": "0",
        "val_log_loss": "0.25",
    }
    known = {
        "referred": "0.0000",
        "accuracy": "0.7500",
        "accuracy_minus_teacher": "-0.1500",
        "flops_of_teacher": "0.0625",
    }
    return [row | known, row | {"asked": "chosen"}]


def write_study(folder, config=None, teacher="0.9000", full=True):
    """Write what the pages are made from, and return it as their arguments."""
    files.write_json(folder / "config.json", (config or complete_config()).as_dict())
    tables = {
        "intake": (intake_table.COLUMNS, intake_rows()),
        "cohort": (cohort_table.COLUMNS, [row.cells() for row in cohort_rows()]),
        "results": (results_table.COLUMNS, result_rows(teacher)),
        "cost": (cost_table.COLUMNS, cost_rows()),
        "claims": (claim_tests.COLUMNS, claim_rows()),
        "hours": (hours_table.COLUMNS, hour_rows()),
        "referral": (referral_results.COLUMNS, referral_rows()),
    }
    for name, (columns, rows) in tables.items():
        files.write_rows(folder / f"tables/{name}.csv", columns, rows if full else [])
    slides = SLIDES if full else []
    pixels = np.random.default_rng(0).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    for slide in slides:
        with files.replacing(folder / f"overviews/{files.safe_name(slide)}.jpg") as part:
            part.write_bytes(files.encode(pixels, 80))
    with files.replacing(folder / "figures/accuracy_flops.svg") as part:
        part.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><circle r="9"/></svg>')
    write_header(folder / "model.safetensors", {"architecture": "resnet10", "classes": ["a"], "versions": VERSIONS})
    return {
        "config": folder / "config.json",
        **{name: folder / f"tables/{name}.csv" for name in tables},
        "figures": [folder / "figures/accuracy_flops.svg"],
        "overviews": [folder / f"overviews/{files.safe_name(slide)}.jpg" for slide in slides],
        "slides": slides,
        "controls": ["all_labels"],
        "teacher": folder / "model.safetensors",
    }


def report_of(folder, **how):
    """The text of the report."""
    write_report(**write_study(folder, **how), report=folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def intake_page_of(folder, problems=(), counted=True, **how):
    """The text of the page before training; the third slide is unlabeled, the others are of the classes in turn."""
    made = write_study(folder, **how)
    labels = ["" if k == 2 else CLASSES[k % 2] for k in range(len(made["slides"]))]
    kept = {key: made[key] for key in ("config", "intake", "overviews", "slides")}
    show_intake(
        **kept, labels=labels, cohort=made["cohort"] if counted else None, problems=list(problems),
        page=folder / "intake.html",
    )  # fmt: skip
    return (folder / "intake.html").read_text(encoding="utf-8")


def part_of(name, *values):
    """The HTML of one part of the pages (a macro of parts.html.j2)."""
    return str(getattr(TEMPLATES.get_template("parts.html.j2").module, name)(*values))


class Page(HTMLParser):
    """What a page shows. Fails on a tag that is closed without being open or stays open."""

    def __init__(self, text):
        super().__init__()
        self.open, self.texts, self.tags = [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" not in self.open and "style" not in self.open:
            self.texts.append((data, tuple(self.open)))

    @property
    def words(self):
        return [text for text, _ in self.texts]

    def links(self):
        return {attrs["href"] for tag, attrs in self.tags if tag == "a"}
