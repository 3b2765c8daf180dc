"""Compare each network's cost per region with the teacher's."""

from lowpower.job_start import run_step
from lowpower.tables.cost_table import compare_cost

run_step(compare_cost, globals().get("snakemake"))
