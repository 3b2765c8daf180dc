"""Package a model with all that reading new slides needs."""

from lowpower.job_start import run_step
from lowpower.pages.packaging import package_model

run_step(package_model, globals().get("snakemake"))
