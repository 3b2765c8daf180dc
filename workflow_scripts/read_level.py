"""Read one slide's regions from its own stored level, at a student's magnification."""

from lowpower.job_start import start_job
from lowpower.slides.level_regions import read_level
from lowpower.slides.region_plan import TilingSettings

start_job(snakemake.log[0], snakemake.input)
read_level(
    check=snakemake.input.check,
    mask=snakemake.input.mask,
    mask_state=snakemake.input.mask_state,
    regions=snakemake.input.regions,
    path=snakemake.params.path,
    annotation=snakemake.params.annotation,
    settings=TilingSettings(**snakemake.params.settings),
    reduction=snakemake.params.reduction,
    images=snakemake.output.images,
    read=snakemake.output.read,
)
