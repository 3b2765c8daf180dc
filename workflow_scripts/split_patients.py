"""Divide the patients into training, validation and test, for one seed."""

from lowpower.config.sheet_row import PatientRow
from lowpower.config.splits import divide
from lowpower.config.table_settings import Split
from lowpower.job_start import start_job
from lowpower.tables.splits_file import write_splits

start_job(snakemake.log[0], snakemake.input)
write_splits(
    rows=divide(
        sheet=[PatientRow(**row) for row in snakemake.params.sheet],
        classes=snakemake.params.classes,
        seeds=[snakemake.params.seed],
        split=Split.from_dict(snakemake.params.split),
        annotated=snakemake.params.annotated,
    ),
    index=snakemake.input.index,
    classes=snakemake.params.classes,
    output=snakemake.output[0],
)
