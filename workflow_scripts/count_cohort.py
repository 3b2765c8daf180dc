"""Count the patients, slides and regions of each split and class."""

from lowpower.job import begin
from lowpower.tables.cohort import count_cohort

begin(snakemake.log[0], snakemake.input)
count_cohort(
    splits=snakemake.input.splits,
    index=snakemake.input.index,
    intake=snakemake.input.intake,
    classes=snakemake.params.classes,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
