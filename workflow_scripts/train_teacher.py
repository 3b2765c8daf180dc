"""Train the teacher on the labeled regions at its magnification."""

from lowpower.job_start import run_step
from lowpower.models.teacher_training import train_teacher

run_step(train_teacher, globals().get("snakemake"))
