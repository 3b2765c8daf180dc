"""Predict every region of the splits that are judged with one model."""

from lowpower.log import open_log
from lowpower.models.predicting import predict

open_log(snakemake.log[0])
predict(
    model=snakemake.input.model,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    level=snakemake.input.level,
    output=snakemake.output[0],
    **snakemake.params.job,
)
