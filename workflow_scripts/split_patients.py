"""Divide the patients into training, validation and test, for one seed."""

from lowpower.job_start import run_step
from lowpower.tables.splits_file import split_patients

run_step(split_patients, globals().get("snakemake"))
