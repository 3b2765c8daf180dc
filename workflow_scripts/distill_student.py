"""Distill one student: match the teacher on views of training regions."""

from lowpower.job_start import start_job
from lowpower.models.distillation import distill_student

start_job(snakemake.log[0], snakemake.input)
distill_student(
    job=snakemake.params.job,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    targets=list(snakemake.input.targets),
    teacher=snakemake.input.teacher,
    teacher_index=snakemake.input.teacher_index,
    model=snakemake.output.model,
    history=snakemake.output.history,
    time=snakemake.output.time,
)
