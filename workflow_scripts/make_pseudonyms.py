"""Give every slide and patient a pseudonym, by a key that is made once for the study."""

from lowpower.log import open_log
from lowpower.pseudonyms import make_pseudonyms

open_log(snakemake.log[0])
make_pseudonyms(slides=snakemake.params.slides, patients=snakemake.params.patients, table=snakemake.output[0])
