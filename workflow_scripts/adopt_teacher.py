"""Take a model of another study as the teacher of one seed."""

from lowpower.job_start import run_step
from lowpower.models.teacher_choice import adopt_teacher

run_step(adopt_teacher, globals().get("snakemake"))
