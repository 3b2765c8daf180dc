"""Compute every table again and compare it with the one that is there; compare all files with their hashes."""

from lowpower.log import open_log
from lowpower.provenance.verifying import verify

open_log(snakemake.log[0])
verify(jobs=snakemake.params.jobs, code=snakemake.params.code, provenance=snakemake.params.provenance)
