"""Index all regions at one magnification, with a hash of each slide's ZIP."""

from lowpower.log import open_log
from lowpower.tables.region_index import index_regions

open_log(snakemake.log[0])
index_regions(
    regions=snakemake.input.regions,
    images=snakemake.input.images,
    slides=snakemake.params.slides,
    reduction=snakemake.params.reduction,
    intake=snakemake.input.intake,
    index=snakemake.output[0],
)
