"""Predict every region of the splits that are judged with one model."""

from lowpower.job_start import start_job
from lowpower.models.prediction import predict

start_job(snakemake.log[0], snakemake.input)
predict(
    model=snakemake.input.model,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    level=snakemake.input.level,
    output=snakemake.output[0],
    **snakemake.params.job,
)
