"""Reduce one slide's regions to a student's magnification."""

from lowpower.job import begin
from lowpower.slides.reduce import downsample_slide

begin(snakemake.log[0], snakemake.input)
downsample_slide(
    images=snakemake.input.images,
    reduction=snakemake.params.reduction,
    output=snakemake.output.images,
)
