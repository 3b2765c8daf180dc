"""Show the same tissue as teacher and student see it, with their feature maps."""

from lowpower.job_start import run_step
from lowpower.models.examples import show_examples

run_step(show_examples, globals().get("snakemake"))
