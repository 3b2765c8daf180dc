"""Record inputs, code and machine of the study, with a hash of every file that its numbers depend on."""

from lowpower.job_start import run_step
from lowpower.provenance.record import record_provenance

run_step(record_provenance, globals().get("snakemake"))
