"""Compute every table again and compare it with the one that is there; compare all files with their hashes."""

from lowpower.job_start import start_job
from lowpower.provenance.verification import verify

start_job(snakemake.log[0], snakemake.input)
verify(jobs=snakemake.params.jobs, code=snakemake.params.code, provenance=snakemake.params.provenance)
