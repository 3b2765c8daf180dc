"""Compare what each network costs per region with what the teacher costs."""

from lowpower.job import begin
from lowpower.tables.cost import compare_cost

begin(snakemake.log[0], snakemake.input)
compare_cost(
    costs=snakemake.input.costs,
    table=snakemake.output.csv,
    summary=snakemake.output.md,
    latex=snakemake.output.tex,
)
