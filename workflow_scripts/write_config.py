"""Write down the config with every default, beside what came of it."""

from lowpower.files import write_json
from lowpower.log import open_log

open_log(snakemake.log[0])
write_json(snakemake.output[0], snakemake.params.config)
