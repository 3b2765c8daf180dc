"""Take a model of another study as the teacher of one seed."""

from lowpower.job_start import start_job
from lowpower.models.teacher_choice import adopt_teacher

start_job(snakemake.log[0], snakemake.input)
adopt_teacher(given=snakemake.input[0], model=snakemake.output.model, history=snakemake.output.history)
