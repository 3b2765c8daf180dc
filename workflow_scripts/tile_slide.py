"""Cut one slide into regions at the teacher's magnification."""

from lowpower.log import open_log
from lowpower.slides.cutting import Settings, tile_slide

open_log(snakemake.log[0])
tile_slide(
    check=snakemake.input.check,
    mask=snakemake.input.mask,
    mask_state=snakemake.input.mask_state,
    path=snakemake.params.path,
    settings=Settings(
        magnification=snakemake.params.magnification,
        multiple=snakemake.params.multiple,
        unit=snakemake.params.unit,
        grid=snakemake.params.grid,
        jpeg_quality=snakemake.params.jpeg_quality,
    ),
    table=snakemake.output.regions,
    images=snakemake.output.images,
    state=snakemake.output.state,
    overview=snakemake.output.overview,
)
