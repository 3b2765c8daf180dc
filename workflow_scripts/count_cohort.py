"""Count the patients, slides and regions of each split and class."""

from lowpower.log import open_log
from lowpower.tables.cohort import count_cohort

open_log(snakemake.log[0])
count_cohort(
    splits=snakemake.input.splits,
    index=snakemake.input.index,
    intake=snakemake.input.intake,
    classes=snakemake.params.classes,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
