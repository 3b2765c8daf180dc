"""Read one slide's regions from its own stored level, at a student's magnification."""

from lowpower.job_start import run_step
from lowpower.slides.level_regions import read_level

run_step(read_level, globals().get("snakemake"))
