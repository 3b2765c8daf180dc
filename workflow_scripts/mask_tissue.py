"""Find the tissue of one slide."""

from lowpower.job_start import start_job
from lowpower.slides.tissue import TissueSettings, mask_tissue

start_job(snakemake.log[0], snakemake.input)
mask_tissue(
    check=snakemake.input.check,
    path=snakemake.params.path,
    own_mask=snakemake.params.mask,
    mask_mpp=snakemake.params.mask_mpp,
    sizes=TissueSettings(
        min_area_um2=snakemake.params.min_area_um2,
        max_hole_um2=snakemake.params.max_hole_um2,
        close_um=snakemake.params.close_um,
        faint_um=snakemake.params.faint_um,
        pen_um=snakemake.params.pen_um,
    ),
    mask=snakemake.output.mask,
    state=snakemake.output.state,
)
