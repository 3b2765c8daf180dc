"""Take a model of another study as the teacher of one seed."""

from lowpower.log import open_log
from lowpower.models.choosing import adopt_teacher

open_log(snakemake.log[0])
adopt_teacher(given=snakemake.input[0], model=snakemake.output.model, history=snakemake.output.history)
