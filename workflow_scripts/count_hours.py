"""Count looks, FLOPs and hours of the training of each row of the study."""

from lowpower.job_start import run_step
from lowpower.tables.hours_table import count_hours

run_step(count_hours, globals().get("snakemake"))
