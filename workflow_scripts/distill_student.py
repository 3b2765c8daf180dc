"""Distill one student: match the teacher on views of training regions."""

from lowpower.job_start import run_step
from lowpower.models.distillation import distill_student

run_step(distill_student, globals().get("snakemake"))
