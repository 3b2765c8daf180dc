"""Trace the curves that figures show: ROC, and how often a model is right when it is so sure."""

from lowpower.job_start import run_step
from lowpower.tables.curve_points import trace_curves

run_step(trace_curves, globals().get("snakemake"))
