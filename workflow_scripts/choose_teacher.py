"""Choose the one teacher that all students learn from."""

from lowpower.job_start import start_job
from lowpower.models.teacher_choice import choose_teacher

start_job(snakemake.log[0], snakemake.input)
choose_teacher(models=snakemake.input.models, histories=snakemake.input.histories, model=snakemake.output[0])
