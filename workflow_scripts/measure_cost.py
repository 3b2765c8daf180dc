"""Measure what the network costs per region at one magnification."""

from lowpower.job_start import start_job
from lowpower.models.inference_cost import measure_cost

start_job(snakemake.log[0], snakemake.input)
measure_cost(
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    output=snakemake.output[0],
    **snakemake.params.job,
)
