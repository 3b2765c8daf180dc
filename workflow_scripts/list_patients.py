"""List every patient, by id or pseudonym, with the prediction of each model."""

from lowpower.job_start import run_step
from lowpower.tables.patient_list import list_patients

run_step(list_patients, globals().get("snakemake"))
