"""Read one slide's regions from its own stored level, at a student's magnification."""

from lowpower.job import begin
from lowpower.slides.level import read_level
from lowpower.slides.plan import Settings

begin(snakemake.log[0], snakemake.input)
read_level(
    check=snakemake.input.check,
    mask=snakemake.input.mask,
    mask_state=snakemake.input.mask_state,
    regions=snakemake.input.regions,
    path=snakemake.params.path,
    annotation=snakemake.params.annotation,
    settings=Settings(**snakemake.params.settings),
    reduction=snakemake.params.reduction,
    images=snakemake.output.images,
    read=snakemake.output.read,
)
