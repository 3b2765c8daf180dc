"""Gather what became of every slide; stop here when the config does not accept it."""

from lowpower.job_start import start_job
from lowpower.tables.intake_table import gather_slides

start_job(snakemake.log[0], snakemake.input)
gather_slides(
    checks=snakemake.input.checks,
    masks=snakemake.input.masks,
    tiles=snakemake.input.tiles,
    slides=snakemake.params.slides,
    patients=snakemake.params.patients,
    on_excluded=snakemake.params.on_excluded,
    min_usable=snakemake.params.min_usable,
    table=snakemake.output.csv,
)
