"""Write down the config with every default, beside what came of it."""

from lowpower.files import write_json
from lowpower.job_start import start_job

start_job(snakemake.log[0], snakemake.input)
write_json(snakemake.output[0], snakemake.params.config)
