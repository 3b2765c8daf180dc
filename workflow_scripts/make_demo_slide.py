"""Draw one slide of the demo cohort and write it as a slide file."""

from lowpower.job import begin
from lowpower.slides.phantom import Dials, make_slide

begin(snakemake.log[0], snakemake.input)
make_slide(
    path=snakemake.output[0],
    slide=snakemake.params.slide,
    label=snakemake.params.label,
    fault=snakemake.params.fault,
    dials=Dials(**snakemake.params.dials),
)
