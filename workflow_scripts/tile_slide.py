"""Cut one slide into regions at the teacher's magnification."""

from lowpower.job_start import start_job
from lowpower.slides.region_plan import TilingSettings
from lowpower.slides.tiling import tile_slide

start_job(snakemake.log[0], snakemake.input)
tile_slide(
    check=snakemake.input.check,
    mask=snakemake.input.mask,
    mask_state=snakemake.input.mask_state,
    path=snakemake.params.path,
    annotation=snakemake.params.annotation,
    settings=TilingSettings(**snakemake.params.settings),
    table=snakemake.output.regions,
    outlines=snakemake.output.outlines,
    images=snakemake.output.images,
    state=snakemake.output.state,
    overview=snakemake.output.overview,
)
