"""Divide the patients into training, validation and test, for one seed."""

from lowpower.job import begin
from lowpower.study.division import divide
from lowpower.tables.splits import write_splits

begin(snakemake.log[0], snakemake.input)
write_splits(
    rows=divide(
        sheet=snakemake.params.sheet,
        classes=snakemake.params.classes,
        seeds=[snakemake.params.seed],
        split=snakemake.params.split,
        annotated=snakemake.params.annotated,
    ),
    index=snakemake.input.index,
    classes=snakemake.params.classes,
    output=snakemake.output[0],
)
