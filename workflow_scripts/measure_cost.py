"""Measure the network's cost per region at one magnification."""

from lowpower.job_start import run_step
from lowpower.models.inference_cost import measure_cost

run_step(measure_cost, globals().get("snakemake"))
