"""Take a model of another study as the teacher of one seed."""

from lowpower.job import begin
from lowpower.models.choosing import adopt_teacher

begin(snakemake.log[0], snakemake.input)
adopt_teacher(given=snakemake.input[0], model=snakemake.output.model, history=snakemake.output.history)
