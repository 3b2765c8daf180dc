"""Find the tissue of one slide."""

from lowpower.log import open_log
from lowpower.slides.tissue import mask_tissue

open_log(snakemake.log[0])
mask_tissue(
    check=snakemake.input.check,
    path=snakemake.params.path,
    own_mask=snakemake.params.mask,
    mask_mpp=snakemake.params.mask_mpp,
    min_area_um2=snakemake.params.min_area_um2,
    close_um=snakemake.params.close_um,
    mask=snakemake.output.mask,
    state=snakemake.output.state,
)
