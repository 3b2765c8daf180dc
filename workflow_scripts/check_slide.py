"""Check one slide: usable, or excluded and why."""

from lowpower.log import open_log
from lowpower.slides.intake import check_slide

open_log(snakemake.log[0])
check_slide(
    slide=snakemake.params.slide,
    path=snakemake.params.path,
    mpp=snakemake.params.mpp,
    exclude=snakemake.params.exclude,
    state=snakemake.output[0],
)
