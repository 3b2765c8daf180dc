"""Pretrain one student: no label, no teacher."""

from lowpower.log import open_log
from lowpower.models.pretraining import pretrain_student

open_log(snakemake.log[0])
pretrain_student(
    job=snakemake.params.job,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    model=snakemake.output.model,
    history=snakemake.output.history,
    time_file=snakemake.output.time,
)
