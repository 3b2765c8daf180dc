"""The report: one HTML file with tables, figures and pictures in it, in the order of a paper."""

import html
from collections.abc import Sequence
from pathlib import Path

from lowpower.claims import claims_table
from lowpower.evaluation.metrics import BINS
from lowpower.files import read_json, read_rows, replacing, safe_name
from lowpower.log import say
from lowpower.magnification import describe
from lowpower.pages import citation
from lowpower.pages.banners import about_results, about_slides
from lowpower.pages.flow_diagram import flow
from lowpower.pages.methods_text import methods
from lowpower.pages.page import INTAKE, document, figure, files, gallery, paragraph, prose, table
from lowpower.pseudonyms import read_names
from lowpower.tables import cohort_table as cohort_table
from lowpower.tables import cost_table as cost_table
from lowpower.tables import hours_table as hours_table
from lowpower.tables import intake_table as intake_table
from lowpower.tables import referral_table
from lowpower.tables import results_table as results_table

RESULTS, CLAIMS = "tables/results.csv", "tables/claims.csv"
_VERDICTS = {claims_table.HOLDS: "good", claims_table.FAILS: "warning"}
REFERRAL = "tables/referral.csv"
_CAPTIONS = {
    "accuracy_flops": "Accuracy against the cost of reading one region. Vertical lines: intervals from a bootstrap of "
    "patients; gray band and dashed line: the teacher; gray line: rows that no cheaper row reaches; dotted: a row that "
    "costs next to nothing, at its best magnification. Of several shares of training patients the largest.",
    "referral": "Low power first, high power where needed: what the student is least sure of is read again by the "
    "teacher. Of each magnification the row with the lowest validation log loss; a point for each share that is asked "
    "for. Ring, with its interval: the threshold that validation chose. Dotted: as many units drawn by chance.",
    "unlabeled_share": "What unlabeled images bring: accuracy less the teacher's, with intervals, against the share of "
    "unlabeled training patients, at the largest share of labeled ones. Methods that look at no unlabeled image are "
    "left out, but for scratch (dotted).",
    "labeled_share": "What labels bring: accuracy less the teacher's, who has all labels, with intervals, against the "
    "share of labeled training patients, at the largest share of unlabeled ones.",
    "recall": "Which class a lower magnification loses: recall of each class, of regions where they have labels, else "
    "of patients; the stars are the teacher's.",
    "roc": "ROC, each class against the rest, mean of classes and seeds; of regions where they have labels, else of "
    "patients.",
    "reliability": "Are models right as often as they are sure? Below the diagonal they are too sure. The area of a "
    "dot is its bin's share of the units; bins with less than 1 % are not drawn. Numbers: expected calibration error "
    f"in percent, of {BINS} bins of equal width, as in the results.",
    "confusion": "What each model takes each class for: percent of the true class (rows) that were called which, of "
    "regions where they have labels, else of patients.",
    "examples": "One region of each class, drawn by chance: what teacher and student read and called it, and how "
    "strongly each place of their last map answers (dark: not, bright: most).",
    "disagreements": "Regions that the teacher reads right and the student wrong.",
    "training_curves": "Validation log loss during training; a ring marks the weights that were kept.",
}
_SOURCES = {
    "accuracy_flops": ("tables/results.csv", "tables/cost.csv"),
    "referral": ("tables/referral.csv",),
    "unlabeled_share": ("tables/results.csv",),
    "labeled_share": ("tables/results.csv",),
    "recall": ("tables/confusion.csv",),
    "roc": ("tables/roc.csv", "tables/results.csv"),
    "reliability": ("tables/reliability.csv", "tables/results.csv"),
    "confusion": ("tables/confusion.csv", "tables/results.csv"),
    "examples": ("examples/examples.zip",),
    "disagreements": ("examples/examples.zip",),
}


def write_report(
    config: str | Path,
    intake: str | Path,
    cohort: str | Path,
    results: str | Path,
    cost: str | Path,
    claims: str | Path,
    hours: str | Path,
    referral: str | Path,
    figures: Sequence[str | Path],
    overviews: Sequence[str | Path],
    slides: Sequence[str],
    teacher: str | Path,
    report: str | Path,
    names: str | Path | None = None,
) -> None:
    """Write the report from the tables (CSV), figures (SVG) and overviews (JPEG, parallel to slides).

    config: the complete configuration (JSON). teacher: its model file, of which only the header is read. names:
    pseudonyms.csv where slides are not to be called by their ids (the tables then have pseudonyms already), else None.
    """
    known = read_names(names)
    study = read_json(config)
    taken, counts, rows, costs = (read_rows(path) for path in (intake, cohort, results, cost))
    tested, timed, referred = (read_rows(path) for path in (claims, hours, referral))
    drawn = {Path(path).stem: _figure(Path(path)) for path in figures}
    beside = {name: drawn.pop(name) for name in ("accuracy_flops", "referral") if name in drawn}
    title = f"{study['cohort']}: histology at low magnification"
    lows = ", ".join(describe(low) for low in study["student_magnifications"])
    lead = (
        f"Students that read {lows}, taught by a teacher that reads {describe(study['teacher_magnification'])}. "
        "Numbers and the names of methods and slides lead to the files beside this page; a click on a column's name "
        "sorts."
    )
    sections = [
        ("Cohort", _cohort(taken, counts, linked=not known.hidden)),
        ("Results", _results(rows, study["statistics"]) + beside.get("accuracy_flops", "")),
        ("Cost", _cost(costs, timed)),
        (
            "Low power first",
            beside.get("referral", "") + _referral(referred, study["statistics"]["confidence"]),
        ),
        ("Claims", _claims(tested)),
        ("Figures", "\n".join(drawn.values())),
        ("Slides", gallery(slides, overviews, taken, known)),
        ("Methods", "\n".join(_titled(*part) for part in methods(study, taken, costs, teacher))),
        ("How to cite", _citation()),
    ]
    text = document(title, lead, [*about_slides(study, taken), *about_results(study, counts, rows)], sections)
    with replacing(report) as part:
        part.write_text(text, encoding="utf-8")
    say(f"{study['cohort']}: all of it on one page, {report}")


def _cohort(taken: Sequence[dict[str, str]], counts: Sequence[dict[str, str]], linked: bool) -> str:
    excluded = intake_table.excluded_slides(taken)
    doubtful = intake_table.doubtful_slides(taken)
    return "\n".join(
        [
            paragraph(intake_table.summary_of(taken), source=INTAKE),
            flow(taken, counts),
            table(cohort_table.headline(counts), "tables/cohort.csv"),
            files(*_forms("cohort")),
            "<h3>Excluded slides</h3>" if excluded else "",
            table(excluded, INTAKE, _states(excluded, linked)),
            "<h3>Slides with a warning</h3>" if doubtful else "",
            table(doubtful, INTAKE, _states(doubtful, linked)),
            files(INTAKE, "intake.html"),
        ]
    )


def _states(slides: Sequence[dict[str, str]], linked: bool) -> Sequence[dict[str, str]]:
    """Where the name of each slide leads, or nowhere."""
    return [{"slide": f"slides/{safe_name(row['slide'])}.json"} for row in slides] if linked else ()


def _results(rows: Sequence[dict[str, str]], statistics: dict) -> str:
    parts = []
    for title, shown in results_table.sections(rows):
        parts += [f"<h3>{prose(title, RESULTS)}</h3>", table(shown, RESULTS, [_model(row) for row in shown])]
    note = results_table.NOTHING
    if parts:
        note = results_table.note(statistics["confidence"], statistics["fewest_patients"])
    beside = [*_forms("results"), *_forms("classes"), *_forms("sites"), "tables/patients.csv"]
    return "\n".join([*parts, paragraph(note, "soft"), files(*beside)])


def _model(row: dict[str, str]) -> dict[str, str]:
    """Where the method's name in a row of results leads: the folder of its models, one for each seed."""
    if row["method"] == "teacher":
        return {"method": "teacher/"}
    scale = row["read at"].split()[0]
    return {"method": f"students/{row['method']}/{scale}/labeled{row['labeled %']}-unlabeled{row['unlabeled %']}/"}


def _cost(costs: Sequence[dict[str, str]], timed: Sequence[dict[str, str]]) -> str:
    said = f"{cost_table.CONVENTION} {cost_table.timing(costs)}" if costs else ""
    shown = table(cost_table.headline(costs), "tables/cost.csv")
    reading = [shown, paragraph(said, "soft"), files(*_forms("cost"))]
    training = [
        "<h3>Training</h3>",
        table(hours_table.headline(timed), "tables/hours.csv", [_model(row) for row in hours_table.headline(timed)]),
    ]
    return "\n".join([*reading, *training, paragraph(hours_table.NOTE, "soft"), files(*_forms("hours"))])


def _claims(rows: Sequence[dict[str, str]]) -> str:
    parts = []
    for title, shown in claims_table.sections(rows):
        parts += [f"<h3>{prose(title)}</h3>", table(shown, CLAIMS, kinds=_VERDICTS)]
    note = claims_table.NOTE if parts else claims_table.NOTHING
    return "\n".join([*parts, paragraph(note, "soft"), files(*_forms("claims"), "claims/")])


def _referral(rows: Sequence[dict[str, str]], confidence: float) -> str:
    parts = []
    for title, shown in referral_table.sections(rows):
        linked = table(shown, REFERRAL, [_model(row) for row in shown])
        parts += [f"<h3>{prose(title, REFERRAL)}</h3>", linked]
    return "\n".join([*parts, paragraph(referral_table.note(rows, confidence), "soft"), files(*_forms("referral"))])


def _forms(name: str) -> list[str]:
    """A table in each of its forms."""
    return [f"tables/{name}.{form}" for form in ("csv", "md", "tex")]


def _figure(path: Path) -> str:
    name = path.stem
    beside = files(f"figures/{name}.svg", f"figures/{name}.png", *_SOURCES.get(name, ()))
    return figure(path, _CAPTIONS[name], f"figures/{path.name}") + beside


def _titled(title: str, text: str) -> str:
    return f"<p><b>{html.escape(title)}.</b> {prose(text)}</p>"


def _citation() -> str:
    listed = "".join(f"<li>{html.escape(reference)}</li>" for reference in citation.references())
    return f"<ul>{listed}</ul>\n<pre>{html.escape(citation.bibtex())}</pre>"
