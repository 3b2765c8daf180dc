"""Find the tissue of one slide."""

from lowpower.job_start import run_step
from lowpower.slides.tissue import mask_tissue

run_step(mask_tissue, globals().get("snakemake"))
