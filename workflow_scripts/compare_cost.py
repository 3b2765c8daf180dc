"""Compare what each network costs per region with what the teacher costs."""

from lowpower.log import open_log
from lowpower.tables.cost import compare_cost

open_log(snakemake.log[0])
compare_cost(
    costs=snakemake.input.costs,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
