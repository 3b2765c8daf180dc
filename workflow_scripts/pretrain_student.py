"""Pretrain one student: no label, no teacher."""

from lowpower.job import begin
from lowpower.models.pretraining import pretrain_student

begin(snakemake.log[0], snakemake.input)
pretrain_student(
    job=snakemake.params.job,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    model=snakemake.output.model,
    history=snakemake.output.history,
    time_file=snakemake.output.time,
)
