"""Cache the teacher's outputs for every view of the training regions of one part."""

from lowpower.job_start import start_job
from lowpower.models.recording import record_teacher

start_job(snakemake.log[0], snakemake.input)
record_teacher(
    model=snakemake.input.teacher,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    output=snakemake.output[0],
    **snakemake.params.job,
)
