"""Find the tissue of one slide."""

from lowpower.job import begin
from lowpower.slides.tissue import Sizes, mask_tissue

begin(snakemake.log[0], snakemake.input)
mask_tissue(
    check=snakemake.input.check,
    path=snakemake.params.path,
    own_mask=snakemake.params.mask,
    mask_mpp=snakemake.params.mask_mpp,
    sizes=Sizes(
        min_area_um2=snakemake.params.min_area_um2,
        max_hole_um2=snakemake.params.max_hole_um2,
        close_um=snakemake.params.close_um,
        faint_um=snakemake.params.faint_um,
        pen_um=snakemake.params.pen_um,
    ),
    mask=snakemake.output.mask,
    state=snakemake.output.state,
)
