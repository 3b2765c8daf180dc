"""Pretrain one student without labels and without a teacher."""

from lowpower.job_start import run_step
from lowpower.models.pretraining import pretrain_student

run_step(pretrain_student, globals().get("snakemake"))
