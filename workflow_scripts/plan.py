"""Print what a run of this config will take, from what past runs on this machine took."""

from lowpower.job_start import run_step
from lowpower.planning.plan import show_plan

run_step(show_plan, globals().get("snakemake"))
