"""Write a card beside each model: what it reads, learned from, scores, and was not tested on."""

from lowpower.job_start import run_step
from lowpower.pages.model_card import write_model_cards

run_step(write_model_cards, globals().get("snakemake"))
