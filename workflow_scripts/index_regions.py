"""Index all regions at one magnification, with a hash of each slide's ZIP."""

from lowpower.job import begin
from lowpower.tables.region_index import index_regions

begin(snakemake.log[0], snakemake.input)
index_regions(
    regions=snakemake.input.regions,
    images=snakemake.input.images,
    slides=snakemake.params.slides,
    reduction=snakemake.params.reduction,
    intake=snakemake.input.intake,
    index=snakemake.output[0],
)
