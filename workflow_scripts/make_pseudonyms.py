"""Give every slide and patient a pseudonym, from a key that is made once for the study."""

from lowpower.job_start import run_step
from lowpower.pseudonyms import make_pseudonyms

run_step(make_pseudonyms, globals().get("snakemake"))
