"""Draw one slide of the demo cohort and write it as a slide file."""

from lowpower.log import open_log
from lowpower.slides.phantom import Dials, make_slide

open_log(snakemake.log[0])
make_slide(
    path=snakemake.output[0],
    slide=snakemake.params.slide,
    label=snakemake.params.label,
    fault=snakemake.params.fault,
    dials=Dials(**snakemake.params.dials),
)
