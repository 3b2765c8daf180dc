"""Draw one slide of the demo cohort and write it as a slide file."""

from lowpower.job_start import run_step
from lowpower.slides.phantom import make_slide

run_step(make_slide, globals().get("snakemake"))
