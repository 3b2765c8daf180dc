"""Measure what the network costs per region at one magnification."""

from lowpower.job import begin
from lowpower.models.cost import measure_cost

begin(snakemake.log[0], snakemake.input)
measure_cost(
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    output=snakemake.output[0],
    **snakemake.params.job,
)
