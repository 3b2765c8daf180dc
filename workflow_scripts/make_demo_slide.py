"""Draw one slide of the demo cohort and write it as a slide file."""

from lowpower.job_start import start_job
from lowpower.slides.phantom import PhantomSettings, make_slide

start_job(snakemake.log[0], snakemake.input)
make_slide(
    path=snakemake.output[0],
    slide=snakemake.params.slide,
    label=snakemake.params.label,
    fault=snakemake.params.fault,
    dials=PhantomSettings(**snakemake.params.dials),
)
