"""Check one slide: usable, or excluded and why."""

from lowpower.job_start import start_job
from lowpower.slides.slide_check import check_slide

start_job(snakemake.log[0], snakemake.input)
check_slide(
    slide=snakemake.params.slide,
    path=snakemake.params.path,
    mpp=snakemake.params.mpp,
    exclude=snakemake.params.exclude,
    state=snakemake.output[0],
)
