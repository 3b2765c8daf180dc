"""Train the teacher on the labeled regions at its magnification."""

from lowpower.job import begin
from lowpower.models.teaching import train_teacher

begin(snakemake.log[0], snakemake.input)
train_teacher(
    job=snakemake.params.job,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    model=snakemake.output.model,
    history=snakemake.output.history,
    time_file=snakemake.output.time,
)
