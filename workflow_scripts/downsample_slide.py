"""Reduce one slide's regions to a student's magnification."""

from lowpower.job_start import start_job
from lowpower.slides.downsampling import downsample_slide

start_job(snakemake.log[0], snakemake.input)
downsample_slide(
    images=snakemake.input.images,
    reduction=snakemake.params.reduction,
    output=snakemake.output.images,
)
