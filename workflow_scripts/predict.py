"""Predict every region of the evaluated splits with one model."""

from lowpower.job_start import run_step
from lowpower.models.prediction import predict

run_step(predict, globals().get("snakemake"))
