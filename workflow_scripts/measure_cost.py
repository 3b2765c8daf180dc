"""Measure the network's cost per region at one magnification."""

from lowpower.inference.inference_cost import measure_cost
from lowpower.job_start import run_step

run_step(measure_cost, globals().get("snakemake"))
