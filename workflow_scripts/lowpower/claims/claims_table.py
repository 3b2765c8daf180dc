"""The table of claims for people: tested claims with verdicts, their comparisons, and untested claims."""

from collections.abc import Sequence

from lowpower.evaluation.accuracies import ACCURACIES
from lowpower.files import CsvRow
from lowpower.tables.layout import points

HOLDS, FAILS, OPEN, UNTESTED = "holds", "does not hold", "inconclusive", "not tested here"
VERDICTS = (HOLDS, FAILS, OPEN, UNTESTED)
NOTHING = "The claims file holds no claim, so none is tested."
NOTE = (
    "Differences are in percentage points, with intervals in parentheses that carry the spread of seeds and of "
    "patients. Superiority and trend are two-sided; noninferiority and each side of equivalence are one-sided at half "
    "that level, and p is twice the one-sided p. A claim holds if its p is small enough after Holm's adjustment over "
    "all tested and withdrawn claims. The paper's accuracy is defined as `accuracy_released`: compare its figures with "
    "that column only. All columns: claims.csv."
)


def tested_rows(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """The tested claims for people, the verdict first; differences in points."""
    return [
        {
            "verdict": row["verdict"],
            "id": row["id"],
            "claim": row["claim"],
            "estimate, points": points(row["estimate"], row["low"], row["high"]),
            "margin, points": f"{100 * float(row['margin']):g}" if row["margin"] else "",
            "p (Holm)": row["p_holm"],
            "registered": row["registered"],
            "remark": row["why"],
        }
        for row in rows
        if row["verdict"] != UNTESTED
    ]


def compared_rows(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """Models, tests and metrics of the tested claims."""
    return [
        {
            "id": row["id"],
            "row": row["row"],
            "against": row["against"],
            "test": row["test"],
            "of": f"{row['metric'].replace('_', ' ')} per {row['per']}",
            "patients": row["patients"],
            "seeds": row["seeds"],
        }
        for row in rows
        if row["verdict"] != UNTESTED
    ]


def accuracy_rows(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """Differences of the tested claims in each of the three accuracies, in points, with the paper's figure."""
    return [
        {"id": row["id"], **{name: points(row[name]) for name in ACCURACIES}, "the paper": row["figure"]}
        for row in rows
        if row["verdict"] != UNTESTED
    ]


def untested_rows(rows: Sequence[CsvRow]) -> list[CsvRow]:
    """The claims that are not tested here, with the paper's figure and the reason."""
    return [
        {key: row[key] for key in ("id", "claim", "source", "figure", "registered", "why")}
        for row in rows
        if row["verdict"] == UNTESTED
    ]


def sections(rows: Sequence[CsvRow]) -> list[tuple[str, list[CsvRow]]]:
    """The tables shown to people, each with its title; those without a row are left out."""
    parts = [
        ("Tested on test data", tested_rows(rows)),
        ("Compared rows", compared_rows(rows)),
        ("Three definitions of accuracy, in points", accuracy_rows(rows)),
        ("Not tested here", untested_rows(rows)),
    ]
    return [(title, table) for title, table in parts if table]


def in_short(rows: Sequence[CsvRow]) -> str:
    """Numbers of claims that hold, do not hold, are inconclusive, and are not tested."""
    if not rows:
        return f"claims: {NOTHING}"
    counts = {verdict: sum(row["verdict"] == verdict for row in rows) for verdict in VERDICTS}
    return "claims: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
