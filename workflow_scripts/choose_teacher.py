"""Choose the one teacher that all students learn from."""

from lowpower.job_start import run_step
from lowpower.models.teacher_choice import choose_teacher

run_step(choose_teacher, globals().get("snakemake"))
