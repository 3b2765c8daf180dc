"""Compute the curves of the figures: ROC and reliability."""

from lowpower.job_start import run_step
from lowpower.tables.curve_points import trace_curves

run_step(trace_curves, globals().get("snakemake"))
