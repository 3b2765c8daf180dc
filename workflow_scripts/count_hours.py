"""Count the hours that training each row of the study took."""

from lowpower.job_start import start_job
from lowpower.tables.hours_table import count_hours

start_job(snakemake.log[0], snakemake.input)
count_hours(
    times=snakemake.input.times,
    owners=snakemake.params.owners,
    models=snakemake.params.models,
    recordings=snakemake.params.recordings,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
