"""Show the state of every slide, and the gaps before training, on one page."""

from lowpower.job_start import run_step
from lowpower.pages.intake_page import show_intake

run_step(show_intake, globals().get("snakemake"))
