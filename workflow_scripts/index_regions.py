"""Index all regions at one magnification, with a hash of each slide's ZIP."""

from lowpower.job_start import start_job
from lowpower.tables.region_index import index_regions

start_job(snakemake.log[0], snakemake.input)
index_regions(
    regions=snakemake.input.regions,
    images=snakemake.input.images,
    slides=snakemake.params.slides,
    reduction=snakemake.params.reduction,
    intake=snakemake.input.intake,
    index=snakemake.output[0],
)
