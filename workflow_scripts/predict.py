"""Predict every region of the splits that are judged with one model."""

from lowpower.job_start import run_step
from lowpower.models.prediction import predict

run_step(predict, globals().get("snakemake"))
