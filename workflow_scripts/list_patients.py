"""List every patient with what each model calls them, under their id or their pseudonym."""

from lowpower.job_start import run_step
from lowpower.tables.patient_list import list_patients

run_step(list_patients, globals().get("snakemake"))
