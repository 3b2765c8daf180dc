"""Choose the one teacher that all students learn from."""

from lowpower.job import begin
from lowpower.models.choosing import choose_teacher

begin(snakemake.log[0], snakemake.input)
choose_teacher(models=snakemake.input.models, histories=snakemake.input.histories, model=snakemake.output[0])
