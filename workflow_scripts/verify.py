"""Compute every table again and compare it with the one that is there; compare all files with their hashes."""

from lowpower.job import begin
from lowpower.provenance.verifying import verify

begin(snakemake.log[0], snakemake.input)
verify(jobs=snakemake.params.jobs, code=snakemake.params.code, provenance=snakemake.params.provenance)
