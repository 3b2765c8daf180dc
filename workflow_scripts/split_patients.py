"""Divide the patients into training, validation and test, for every seed."""

from lowpower.log import open_log
from lowpower.tables.splits import split_patients

open_log(snakemake.log[0])
split_patients(
    index=snakemake.input.index,
    sheet=snakemake.params.sheet,
    classes=snakemake.params.classes,
    seeds=snakemake.params.seeds,
    split=snakemake.params.split,
    output=snakemake.output[0],
)
