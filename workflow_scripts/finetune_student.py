"""Fine-tune one student on labels, or take it as it was distilled."""

from lowpower.job_start import start_job
from lowpower.models.fine_tuning import finetune_student

start_job(snakemake.log[0], snakemake.input)
finetune_student(
    job=snakemake.params.job,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    start=snakemake.input.get("start"),
    start_history=snakemake.input.get("start_history"),
    model=snakemake.output.model,
    history=snakemake.output.history,
    time=snakemake.output.time,
)
