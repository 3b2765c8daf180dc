"""Index all regions at one magnification, with a hash of each slide's ZIP."""

from lowpower.job_start import run_step
from lowpower.tables.region_index import index_regions

run_step(index_regions, globals().get("snakemake"))
