"""Draw every figure of the report."""

from lowpower.figures.all_figures import draw_figures
from lowpower.job_start import run_step

run_step(draw_figures, globals().get("snakemake"))
