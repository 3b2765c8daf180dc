"""Write a card beside each model: what it reads, learned from, scores, and was not tested on."""

from lowpower.job_start import start_job
from lowpower.pages.model_card import write_model_cards

start_job(snakemake.log[0], snakemake.input)
write_model_cards(
    config=snakemake.input.config,
    intake=snakemake.input.intake,
    cohort=snakemake.input.cohort,
    results=snakemake.input.results,
    cost=snakemake.input.cost,
    splits=snakemake.input.splits,
    files=snakemake.input.models,
    models=snakemake.params.models,
    scanners=snakemake.params.scanners,
    cards=snakemake.output,
)
