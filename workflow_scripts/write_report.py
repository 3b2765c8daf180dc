"""Write the report: one HTML file that needs no network."""

from lowpower.job_start import run_step
from lowpower.pages.report import write_report

run_step(write_report, globals().get("snakemake"))
