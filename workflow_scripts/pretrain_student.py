"""Pretrain one student: no label, no teacher."""

from lowpower.job_start import start_job
from lowpower.models.pretraining import pretrain_student

start_job(snakemake.log[0], snakemake.input)
pretrain_student(
    job=snakemake.params.job,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    model=snakemake.output.model,
    history=snakemake.output.history,
    time=snakemake.output.time,
)
