"""Report: one HTML file that begins with the answer, followed by tables, figures and pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lowpower.claims import claims_table
from lowpower.config.study import Study
from lowpower.config.table_settings import Statistics
from lowpower.files import CsvRow, read_json, read_rows, safe_name
from lowpower.log import say
from lowpower.magnification import describe
from lowpower.pages import citation
from lowpower.pages.answer import answer, folder_of
from lowpower.pages.banners import about_results, about_slides, about_study
from lowpower.pages.captions import captioned
from lowpower.pages.flow_diagram import flow
from lowpower.pages.gallery import gallery
from lowpower.pages.methods_text import methods
from lowpower.pages.page import INTAKE, Chapter, Table, write_page
from lowpower.pseudonyms import read_names
from lowpower.tables import cohort_table, cost_table, hours_table, intake_table, referral_table, results_table
from lowpower.tables.cohort_counts import CohortRow
from lowpower.tables.expected_ranges import Ranges, load_ranges
from lowpower.typed_values import as_type, typed_rows

_VERDICTS = {claims_table.HOLDS: "good", claims_table.FAILS: "warning"}


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
    controls: Sequence[str],
    teacher: str | Path,
    report: str | Path,
    names: str | Path | None = None,
    expected: str | Path | None = None,
    differing: Sequence[str] = (),
) -> None:
    """Write the report from the tables (CSV), figures (SVG) and overviews (JPEG, parallel to slides).

    config: the complete configuration (JSON). controls: methods that the answer never names. teacher: its model file;
    only the header is read. names: pseudonyms.csv if slides are shown under pseudonyms (which the tables then already
    have), else None. expected, differing: as of ``evaluate``.
    """
    shown, study = read_names(names), as_type(Study, read_json(config))
    states, counts = typed_rows(intake_table.IntakeRow, read_rows(intake)), typed_rows(CohortRow, read_rows(cohort))
    rows, costs, tested, timed, referred = (read_rows(path) for path in (results, cost, claims, hours, referral))
    drawn = {Path(path).stem: captioned(path) for path in figures}
    lows = ", ".join(describe(low) for low in study.student_magnifications)
    statistics, ranges = study.statistics, load_ranges(expected, study.seeds, differing)
    write_page(
        report,
        "report.html.j2",
        title=f"{study.cohort}: histology at low magnification",
        lead=f"Students read {lows}; their teacher reads {describe(study.teacher_magnification)}. Numbers and names "
        "link to the files beside this page. Click on a column's name to sort.",
        reading=[*about_study(study), *about_results(study, counts, rows)],
        answer=answer(rows, referred, costs, controls, statistics.confidence, ranges),
        verdicts=claims_table.in_short(tested).capitalize() if tested else "",
        warnings=about_slides(states),
        frontier=drawn.pop("accuracy_flops", None),
        referral_figure=drawn.pop("referral", None),
        figures=list(drawn.values()),
        summary=intake_table.summary_of(states),
        intake_table=INTAKE,
        flow=flow(states, counts),
        cohort=_cohort(states, counts, linked=not shown.hidden),
        results=_results(rows, statistics, ranges),
        cost=[_reading(costs), _training(timed)],
        referral=_referral(referred, statistics.confidence),
        claims=_claims(tested),
        slides=slides,
        gallery=gallery(slides, overviews, states, shown),
        methods=methods(study, states, costs, teacher),
        references=citation.references(),
        bibtex=citation.bibtex(),
    )
    say(f"{study.cohort}: everything is on one page, {report}")


def _cohort(states: Sequence[intake_table.IntakeRow], counts: Sequence[CohortRow], linked: bool) -> Chapter:
    lists = {
        "Excluded slides": intake_table.excluded_slides(states),
        "Slides with a warning": intake_table.doubtful_slides(states),
    }
    tables = [Table("By split and class", cohort_table.headline(counts), "tables/cohort.csv")]
    for title, rows in lists.items():
        links = [{"slide": f"slides/{safe_name(row['slide'])}.json"} for row in rows] if linked else ()
        tables.append(Table(title, rows, INTAKE, links))
    return Chapter(tables, "", _forms("cohort"))


def _results(rows: Sequence[CsvRow], statistics: Statistics, ranges: Ranges | None) -> Chapter:
    tables = [_of_models(title, shown, "tables/results.csv") for title, shown in results_table.headlines(rows, ranges)]
    note = results_table.NOTHING
    if tables:
        note = results_table.note(statistics.confidence, statistics.fewest_patients)
        note += f"\n\n{ranges.note(rows)}" if ranges else ""
    return Chapter(tables, note, [*_forms("results"), *_forms("classes"), *_forms("sites"), "tables/patients.csv"])


def _reading(costs: Sequence[CsvRow]) -> Chapter:
    note = f"{cost_table.CONVENTION} {cost_table.timing(costs)}" if costs else ""
    return Chapter([Table("Reading", cost_table.headline(costs), "tables/cost.csv")], note, _forms("cost"))


def _training(timed: Sequence[CsvRow]) -> Chapter:
    tables = [_of_models("Training", hours_table.headline(timed), "tables/hours.csv")]
    return Chapter(tables, hours_table.NOTE, _forms("hours"))


def _referral(rows: Sequence[CsvRow], confidence: float) -> Chapter:
    tables = [_of_models(title, shown, "tables/referral.csv") for title, shown in referral_table.sections(rows)]
    return Chapter(tables, referral_table.note(rows, confidence), _forms("referral"))


def _claims(rows: Sequence[CsvRow]) -> Chapter:
    parts = claims_table.sections(rows)
    tables = [Table(title, shown, "tables/claims.csv", kinds=_VERDICTS) for title, shown in parts]
    note = claims_table.NOTE if parts else claims_table.NOTHING
    return Chapter(tables, note, [*_forms("claims"), "claims/"])


def _of_models(title: str, rows: Sequence[CsvRow], source: str) -> Table:
    """Table in which each method links to the folder of its models."""
    return Table(title, rows, source, [_folder(row) for row in rows])


def _folder(row: Mapping[str, str]) -> dict[str, str]:
    scale = row["read at"].split()[0]
    return {"method": folder_of(row["method"], scale, row["labeled %"], row["unlabeled %"])}


def _forms(name: str) -> list[str]:
    """Files of a table in all its formats."""
    return [f"tables/{name}.{form}" for form in ("csv", "md", "tex")]
