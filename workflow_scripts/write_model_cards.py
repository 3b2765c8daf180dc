"""Write a card beside each model: input, training data, results and limits."""

from lowpower.job_start import run_step
from lowpower.pages.model_card import write_model_cards

run_step(write_model_cards, globals().get("snakemake"))
