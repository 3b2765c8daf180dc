"""Cut one slide into regions at the teacher's magnification."""

from lowpower.job import begin
from lowpower.slides.cutting import tile_slide
from lowpower.slides.plan import Settings

begin(snakemake.log[0], snakemake.input)
tile_slide(
    check=snakemake.input.check,
    mask=snakemake.input.mask,
    mask_state=snakemake.input.mask_state,
    path=snakemake.params.path,
    annotation=snakemake.params.annotation,
    settings=Settings(**snakemake.params.settings),
    table=snakemake.output.regions,
    outlines=snakemake.output.outlines,
    images=snakemake.output.images,
    state=snakemake.output.state,
    overview=snakemake.output.overview,
)
