"""Count the hours that training each row of the study took."""

from lowpower.job import begin
from lowpower.tables.hours import count_hours

begin(snakemake.log[0], snakemake.input)
count_hours(
    times=snakemake.input.times,
    owners=snakemake.params.owners,
    models=snakemake.params.models,
    recordings=snakemake.params.recordings,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
