"""Print the expected time, memory and disk of a run, from past runs on this machine."""

from lowpower.job_start import run_step
from lowpower.planning.plan import show_plan

run_step(show_plan, globals().get("snakemake"))
