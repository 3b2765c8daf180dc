"""Fine-tune one student on labels, or keep the distilled one unchanged."""

from lowpower.job_start import run_step
from lowpower.models.fine_tuning import finetune_student

run_step(finetune_student, globals().get("snakemake"))
