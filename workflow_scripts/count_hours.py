"""Count the hours that training each row of the study took."""

from lowpower.log import open_log
from lowpower.tables.hours import count_hours

open_log(snakemake.log[0])
count_hours(
    times=snakemake.input.times,
    owners=snakemake.params.owners,
    models=snakemake.params.models,
    recordings=snakemake.params.recordings,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
