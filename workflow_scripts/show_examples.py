"""Show the same tissue as teacher and student see it, with their last maps."""

from lowpower.job_start import start_job
from lowpower.models.examples import show_examples

start_job(snakemake.log[0], snakemake.input)
show_examples(
    models={"teacher": snakemake.input.teacher, "student": snakemake.input.student},
    indexes={"teacher": snakemake.input.teacher_index, "student": snakemake.input.student_index},
    predictions={"teacher": snakemake.input.teacher_predictions, "student": snakemake.input.student_predictions},
    splits=snakemake.input.splits,
    output=snakemake.output[0],
    names=snakemake.input.names or None,
    **snakemake.params.job,
)
