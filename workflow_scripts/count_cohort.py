"""Count the patients, slides and regions of each split and class."""

from lowpower.job_start import start_job
from lowpower.tables.cohort_table import count_cohort

start_job(snakemake.log[0], snakemake.input)
count_cohort(
    splits=snakemake.input.splits,
    index=snakemake.input.index,
    intake=snakemake.input.intake,
    classes=snakemake.params.classes,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
