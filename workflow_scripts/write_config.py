"""Write the config with every default beside its results."""

from lowpower.files import write_json
from lowpower.job_start import run_step

run_step(write_json, globals().get("snakemake"))
