"""Store what the teacher says of every view of the training regions of one part."""

from lowpower.job import begin
from lowpower.models.recording import record_teacher

begin(snakemake.log[0], snakemake.input)
record_teacher(
    model=snakemake.input.teacher,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    output=snakemake.output[0],
    **snakemake.params.job,
)
