"""Write down what the study was made from and on, with a hash of every file that its numbers rest on."""

from lowpower.job_start import start_job
from lowpower.provenance.record import record_provenance

start_job(snakemake.log[0], snakemake.input)
record_provenance(
    config=snakemake.input.config,
    intake=snakemake.input.intake,
    models=snakemake.input.models,
    files=snakemake.input.files,
    sheet=snakemake.params.sheet,
    code=snakemake.params.code,
    lock=snakemake.params.lock,
    provenance=snakemake.output[0],
    names=snakemake.input.names or None,
)
