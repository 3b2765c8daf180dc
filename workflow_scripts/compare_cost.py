"""Compare what each network costs per region with what the teacher costs."""

from lowpower.job_start import run_step
from lowpower.tables.cost_table import compare_cost

run_step(compare_cost, globals().get("snakemake"))
