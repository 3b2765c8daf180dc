"""Store what the teacher says of every view of the training regions of one part."""

from lowpower.log import open_log
from lowpower.models.recording import record_teacher

open_log(snakemake.log[0])
record_teacher(
    model=snakemake.input.teacher,
    index=snakemake.input.index,
    splits=snakemake.input.splits,
    output=snakemake.output[0],
    **snakemake.params.job,
)
