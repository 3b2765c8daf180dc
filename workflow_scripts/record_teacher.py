"""Cache the teacher's outputs for every view of the training regions of one part."""

from lowpower.job_start import run_step
from lowpower.models.recording import record_teacher

run_step(record_teacher, globals().get("snakemake"))
