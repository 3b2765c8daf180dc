"""Reduce one slide's regions to a student's magnification."""

from lowpower.log import open_log
from lowpower.slides.reduce import downsample_slide

open_log(snakemake.log[0])
downsample_slide(
    images=snakemake.input.images,
    reduction=snakemake.params.reduction,
    output=snakemake.output.images,
)
