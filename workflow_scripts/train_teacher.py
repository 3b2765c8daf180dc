"""Train the teacher on the labeled regions at its magnification."""

from lowpower.job_start import start_job
from lowpower.models.teacher_training import train_teacher

start_job(snakemake.log[0], snakemake.input)
train_teacher(
    job=snakemake.params.job,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    model=snakemake.output.model,
    history=snakemake.output.history,
    time=snakemake.output.time,
)
