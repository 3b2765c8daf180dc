"""Reduce one slide's regions to a student's magnification."""

from lowpower.job_start import run_step
from lowpower.slides.downsampling import downsample_slide

run_step(downsample_slide, globals().get("snakemake"))
