"""Choose the one teacher that all students learn from."""

from lowpower.log import open_log
from lowpower.models.choosing import choose_teacher

open_log(snakemake.log[0])
choose_teacher(models=snakemake.input.models, histories=snakemake.input.histories, model=snakemake.output[0])
