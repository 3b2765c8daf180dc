"""Train the teacher on the labeled regions at its magnification."""

from lowpower.log import open_log
from lowpower.models.teaching import train_teacher

open_log(snakemake.log[0])
train_teacher(
    job=snakemake.params.job,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    model=snakemake.output.model,
    history=snakemake.output.history,
    time_file=snakemake.output.time,
)
