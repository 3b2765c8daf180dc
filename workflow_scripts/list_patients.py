"""List every patient with what each model calls them, under their id or their pseudonym."""

from lowpower.job_start import start_job
from lowpower.tables.patient_list import list_patients

start_job(snakemake.log[0], snakemake.input)
list_patients(
    units=snakemake.input.units,
    models=snakemake.params.models,
    classes=snakemake.params.classes,
    splits=snakemake.params.splits,
    names=snakemake.input.names or None,
    table=snakemake.output[0],
)
