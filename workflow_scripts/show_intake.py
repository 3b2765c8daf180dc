"""Show what became of every slide, and what is missing before training, on one page."""

from lowpower.job_start import start_job
from lowpower.pages.intake_page import show_intake

start_job(snakemake.log[0], snakemake.input)
show_intake(
    config=snakemake.input.config[0],
    intake=snakemake.input.intake,
    overviews=snakemake.input.overviews,
    slides=snakemake.params.slides,
    labels=snakemake.params.labels,
    cohort=snakemake.input.get("cohort") or None,
    problems=snakemake.params.problems,
    page=snakemake.output[0],
    names=snakemake.input.names or None,
)
