"""Predict every region of the evaluated splits with one model."""

from lowpower.inference.prediction import predict
from lowpower.job_start import run_step

run_step(predict, globals().get("snakemake"))
