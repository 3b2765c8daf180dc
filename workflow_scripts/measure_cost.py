"""Measure what the network costs per region at one magnification."""

from lowpower.log import open_log
from lowpower.models.cost import measure_cost

open_log(snakemake.log[0])
measure_cost(
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    output=snakemake.output[0],
    **snakemake.params.job,
)
