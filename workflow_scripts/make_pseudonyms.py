"""Give every slide and patient a pseudonym, by a key that is made once for the study."""

from lowpower.job_start import start_job
from lowpower.pseudonyms import make_pseudonyms

start_job(snakemake.log[0], snakemake.input)
make_pseudonyms(slides=snakemake.params.slides, patients=snakemake.params.patients, table=snakemake.output[0])
