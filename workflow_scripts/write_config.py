"""Write down the config with every default, beside what came of it."""

from lowpower.files import write_json
from lowpower.job_start import run_step

run_step(write_json, globals().get("snakemake"))
