"""Check one slide: usable, or excluded and why."""

from lowpower.job import begin
from lowpower.slides.intake import check_slide

begin(snakemake.log[0], snakemake.input)
check_slide(
    slide=snakemake.params.slide,
    path=snakemake.params.path,
    mpp=snakemake.params.mpp,
    exclude=snakemake.params.exclude,
    state=snakemake.output[0],
)
