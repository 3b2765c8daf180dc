"""Compare what each network costs per region with what the teacher costs."""

from lowpower.job_start import start_job
from lowpower.tables.cost_table import compare_cost

start_job(snakemake.log[0], snakemake.input)
compare_cost(
    costs=snakemake.input.costs,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
