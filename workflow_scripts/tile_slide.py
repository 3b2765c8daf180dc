"""Cut one slide into regions at the teacher's magnification."""

from lowpower.job_start import run_step
from lowpower.slides.tiling import tile_slide

run_step(tile_slide, globals().get("snakemake"))
