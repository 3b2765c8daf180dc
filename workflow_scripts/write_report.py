"""Write the report: one HTML file that needs no network."""

from lowpower.log import open_log
from lowpower.tables.report import write_report

open_log(snakemake.log[0])
write_report(
    intake=snakemake.input.intake,
    cohort=snakemake.input.cohort,
    results=snakemake.input.results,
    cost=snakemake.input.cost,
    figures=[path for path in snakemake.input.figures if path.endswith(".svg")],
    title=snakemake.params.cohort,
    synthetic=snakemake.params.synthetic,
    confidence=snakemake.params.confidence,
    report=snakemake.output[0],
)
