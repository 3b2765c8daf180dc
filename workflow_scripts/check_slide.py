"""Check one slide: usable, or excluded with a reason."""

from lowpower.job_start import run_step
from lowpower.slides.slide_check import check_slide

run_step(check_slide, globals().get("snakemake"))
