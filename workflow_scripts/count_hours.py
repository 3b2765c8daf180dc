"""Count the hours that training each row of the study took."""

from lowpower.job_start import run_step
from lowpower.tables.hours_table import count_hours

run_step(count_hours, globals().get("snakemake"))
