"""Print what a run of this config will take, from what past runs on this machine took."""

from lowpower.job_start import start_job
from lowpower.planning.plan import show_plan

start_job(snakemake.log[0], snakemake.input)
show_plan(
    config=snakemake.params.config,
    jobs=snakemake.params.jobs,
    scales=snakemake.params.scales,
    models=snakemake.params.models,
    slides=snakemake.params.slides,
    results=snakemake.params.results,
    tested=snakemake.params.tested,
)
