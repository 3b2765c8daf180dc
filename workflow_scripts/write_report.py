"""Write the report: one HTML file that needs no network."""

from lowpower.job_start import start_job
from lowpower.pages.report import write_report

start_job(snakemake.log[0], snakemake.input)
write_report(
    config=snakemake.input.config[0],
    intake=snakemake.input.intake,
    cohort=snakemake.input.cohort,
    results=snakemake.input.results,
    cost=snakemake.input.cost,
    claims=snakemake.input.claims,
    hours=snakemake.input.hours,
    referral=snakemake.input.referral,
    figures=[path for path in snakemake.input.figures if path.endswith(".svg")],
    overviews=snakemake.input.overviews,
    slides=snakemake.params.slides,
    controls=snakemake.params.controls,
    teacher=snakemake.input.teacher,
    report=snakemake.output[0],
    names=snakemake.input.names or None,
)
