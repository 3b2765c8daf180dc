"""From slide files to regions: one job per slide and step, which always writes its outputs."""

CUT = {
    "unit": STUDY.unit,
    "grid": STUDY.grid.as_dict(),
    "max_side_um": STUDY.max_side_um,
    "jpeg_quality": STUDY.jpeg_quality,
    "magnification": STUDY.teacher_magnification,
    "multiple": region_multiple(STUDY),
    "min_area_um2": STUDY.tissue.min_area_um2,
}

# a user's slide is a param: as an input, a missing file would stop the whole workflow
SLIDE_INPUT = slide_input if DEMO else []

if DEMO:

    rule make_demo_slide:
        output:
            path=str(Path(STUDY.slides).parent / "{slide}.tiff"),
        log:
            f"{OUT}/logs/make_demo_slide/{{slide}}.log",
        benchmark:
            f"{OUT}/benchmarks/make_demo_slide/{{slide}}.tsv"
        conda:
            "../envs/tiling.yaml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            slide=lambda w: SLIDES[w.slide].slide,
            label=lambda w: SLIDES[w.slide].true_label,
            fault=lambda w: SLIDES[w.slide].others.get("fault", ""),
            settings=DEMO.as_dict(),
            code=code("make_demo_slide"),
        message:
            "Drawing demo slide {wildcards.slide}"
        script:
            "../workflow_scripts/make_demo_slide.py"


rule check_slide:
    input:
        demo_slide=SLIDE_INPUT,
    output:
        state=f"{OUT}/slides/{{slide}}.json",
    log:
        f"{OUT}/logs/check_slide/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/check_slide/{{slide}}.tsv"
    conda:
        "../envs/tiling.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        slide=lambda w: SLIDES[w.slide].slide,
        path=lambda w: SLIDES[w.slide].file,
        stamp=lambda w: [] if DEMO else stamp(SLIDES[w.slide].file),
        mpp=lambda w: SLIDES[w.slide].mpp,
        exclude=lambda w: SLIDES[w.slide].exclude,
        sheet_warning=lambda w: SLIDES[w.slide].warning,
        code=code("check_slide"),
    message:
        "Checking slide {wildcards.slide}"
    script:
        "../workflow_scripts/check_slide.py"


rule mask_tissue:
    input:
        demo_slide=SLIDE_INPUT,
        check=rules.check_slide.output[0],
    output:
        mask=f"{OUT}/masks/{{slide}}.png",
        state=f"{OUT}/masks/{{slide}}.json",
    log:
        f"{OUT}/logs/mask_tissue/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/mask_tissue/{{slide}}.tsv"
    conda:
        "../envs/tiling.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        settings={key: value for key, value in STUDY.tissue.as_dict().items() if key != "mask_mpp"},
        mask_mpp=STUDY.tissue.mask_mpp,
        path=lambda w: SLIDES[w.slide].file,
        own_mask=lambda w: beside_sheet(w.slide, "mask"),
        own_mask_stamp=lambda w: stamp(beside_sheet(w.slide, "mask")),
        code=code("mask_tissue"),
    message:
        "Finding tissue on slide {wildcards.slide}"
    script:
        "../workflow_scripts/mask_tissue.py"


rule tile_slide:
    input:
        demo_slide=SLIDE_INPUT,
        check=rules.check_slide.output[0],
        mask=rules.mask_tissue.output.mask,
        mask_state=rules.mask_tissue.output.state,
    output:
        regions=f"{OUT}/regions/{{slide}}.csv",
        outlines=f"{OUT}/regions/{{slide}}.geojson",
        images=f"{OUT}/regions/{TEACHER}/{{slide}}.zip",
        state=f"{OUT}/regions/{{slide}}.json",
        overview=f"{OUT}/overviews/{{slide}}.jpg",
    log:
        f"{OUT}/logs/tile_slide/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/tile_slide/{{slide}}.tsv"
    conda:
        "../envs/tiling.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        settings=CUT,
        path=lambda w: SLIDES[w.slide].file,
        annotation=lambda w: annotation_of(w.slide),
        annotation_stamp=lambda w: stamp(annotation_of(w.slide)),
        code=code("tile_slide"),
    message:
        f"Cutting slide {{wildcards.slide}} into regions at {TEACHER}"
    script:
        "../workflow_scripts/tile_slide.py"


rule downsample_slide:
    input:
        images=rules.tile_slide.output.images,
    output:
        reduced=f"{OUT}/regions/{{magnification}}/{{slide}}.zip",
    log:
        f"{OUT}/logs/downsample_slide/{{magnification}}/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/downsample_slide/{{magnification}}/{{slide}}.tsv"
    wildcard_constraints:
        magnification="|".join(STUDENTS).replace(".", r"\."),  # tile_slide makes the teacher's ZIPs
    conda:
        "../envs/downsampling.yaml"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        reduction=lambda w: magnification.reduction_between(
            STUDY.teacher_magnification, magnification.parse(w.magnification)
        ),
        code=code("downsample_slide"),
    message:
        "Reducing slide {wildcards.slide} to {wildcards.magnification}"
    script:
        "../workflow_scripts/downsample_slide.py"


rule read_level:
    input:
        demo_slide=SLIDE_INPUT,
        check=rules.check_slide.output[0],
        mask=rules.mask_tissue.output.mask,
        mask_state=rules.mask_tissue.output.state,
        regions=rules.tile_slide.output.regions,
    output:
        images=f"{OUT}/regions/{{magnification}}-level/{{slide}}.zip",
        read=f"{OUT}/regions/{{magnification}}-level/{{slide}}.json",
    log:
        f"{OUT}/logs/read_level/{{magnification}}/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/read_level/{{magnification}}/{{slide}}.tsv"
    conda:
        "../envs/tiling.yaml"
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        settings=CUT,
        path=lambda w: SLIDES[w.slide].file,
        annotation=lambda w: annotation_of(w.slide),
        reduction=lambda w: magnification.reduction_between(
            STUDY.teacher_magnification, magnification.parse(w.magnification)
        ),
        code=code("read_level"),
    message:
        "Reading slide {wildcards.slide} at {wildcards.magnification} from a stored level"
    script:
        "../workflow_scripts/read_level.py"
