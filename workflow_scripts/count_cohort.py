"""Count the patients, slides and regions of each split and class."""

from lowpower.job_start import run_step
from lowpower.tables.cohort_table import count_cohort

run_step(count_cohort, globals().get("snakemake"))
