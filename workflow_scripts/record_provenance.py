"""Write down what the study was made from and on, with a hash of every file that its numbers rest on."""

from lowpower.job_start import run_step
from lowpower.provenance.record import record_provenance

run_step(record_provenance, globals().get("snakemake"))
