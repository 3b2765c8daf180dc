"""From slide files to splits: one job per slide and step, each of which always writes its outputs."""

if DEMO:

    rule make_demo_slide:
        output:
            str(Path(STUDY["slides"]).parent / "{slide}.tiff"),
        log:
            f"{OUT}/logs/make_demo_slide/{{slide}}.log",
        benchmark:
            f"{OUT}/benchmarks/make_demo_slide/{{slide}}.tsv"
        params:
            slide=lambda w: SLIDES[w.slide]["slide"],
            label=lambda w: SLIDES[w.slide]["true_label"],
            fault=lambda w: SLIDES[w.slide].get("fault", ""),
            dials=DEMO,
            code=code("make_demo_slide"),
        resources:
            mem_mb=1000,
            runtime=10,
        conda:
            "../envs/tiling.yaml"
        message:
            "Drawing demo slide {wildcards.slide}"
        script:
            "../workflow_scripts/make_demo_slide.py"


rule check_slide:
    input:
        slide=slide_input,
    output:
        state=f"{OUT}/slides/{{slide}}.json",
        thumbnail=f"{OUT}/slides/{{slide}}.png",
    log:
        f"{OUT}/logs/check_slide/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/check_slide/{{slide}}.tsv"
    params:
        slide=lambda w: SLIDES[w.slide]["slide"],
        path=lambda w: SLIDES[w.slide]["file"],
        stamp=lambda w: [] if DEMO else stamp(SLIDES[w.slide]["file"]),
        mpp=lambda w: SLIDES[w.slide]["mpp"],
        exclude=lambda w: SLIDES[w.slide]["exclude"],
        code=code("check_slide"),
    resources:
        mem_mb=1000,
        runtime=10,
    conda:
        "../envs/tiling.yaml"
    message:
        "Checking slide {wildcards.slide}"
    script:
        "../workflow_scripts/check_slide.py"


rule mask_tissue:
    input:
        slide=slide_input,
        check=rules.check_slide.output.state,
    output:
        mask=f"{OUT}/masks/{{slide}}.png",
        state=f"{OUT}/masks/{{slide}}.json",
    log:
        f"{OUT}/logs/mask_tissue/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/mask_tissue/{{slide}}.tsv"
    params:
        path=lambda w: SLIDES[w.slide]["file"],
        mask=lambda w: beside_sheet(w.slide, "mask"),
        mask_stamp=lambda w: stamp(beside_sheet(w.slide, "mask")),
        **STUDY["tissue"],
        code=code("mask_tissue"),
    resources:
        mem_mb=2000,
        runtime=20,
    conda:
        "../envs/tiling.yaml"
    message:
        "Finding tissue on slide {wildcards.slide}"
    script:
        "../workflow_scripts/mask_tissue.py"


rule tile_slide:
    input:
        slide=slide_input,
        check=rules.check_slide.output.state,
        mask=rules.mask_tissue.output.mask,
        mask_state=rules.mask_tissue.output.state,
    output:
        regions=f"{OUT}/regions/{{slide}}.csv",
        images=f"{OUT}/regions/{TEACHER}/{{slide}}.zip",
        state=f"{OUT}/regions/{{slide}}.json",
    log:
        f"{OUT}/logs/tile_slide/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/tile_slide/{{slide}}.tsv"
    params:
        path=lambda w: SLIDES[w.slide]["file"],
        magnification=STUDY["teacher_magnification"],
        multiple=region_multiple(STUDY),
        unit=STUDY["unit"],
        grid=STUDY["grid"],
        jpeg_quality=STUDY["jpeg_quality"],
        code=code("tile_slide"),
    resources:
        mem_mb=2000,
        runtime=120,
    conda:
        "../envs/tiling.yaml"
    message:
        f"Cutting slide {{wildcards.slide}} into regions at {TEACHER}"
    script:
        "../workflow_scripts/tile_slide.py"


rule downsample_slide:
    input:
        images=rules.tile_slide.output.images,
    output:
        images=f"{OUT}/regions/{{magnification}}/{{slide}}.zip",
    log:
        f"{OUT}/logs/downsample_slide/{{magnification}}/{{slide}}.log",
    benchmark:
        f"{OUT}/benchmarks/downsample_slide/{{magnification}}/{{slide}}.tsv"
    params:
        reduction=lambda w: magnification.reduction_between(STUDY["teacher_magnification"], magnification.parse(w.magnification)),
        code=code("downsample_slide"),
    wildcard_constraints:
        magnification="|".join(STUDENTS).replace(".", r"\."),  # the teacher's ZIPs are tile_slide's
    resources:
        mem_mb=1000,
        runtime=60,
    conda:
        "../envs/downsampling.yaml"
    message:
        "Reducing slide {wildcards.slide} to {wildcards.magnification}"
    script:
        "../workflow_scripts/downsample_slide.py"


rule gather_slides:
    input:
        checks=per_slide("slides/{slide}.json"),
        masks=per_slide("masks/{slide}.json"),
        tiles=per_slide("regions/{slide}.json"),
    output:
        csv=f"{OUT}/tables/intake.csv",
        md=f"{OUT}/tables/intake.md",
    log:
        f"{OUT}/logs/gather_slides.log",
    benchmark:
        f"{OUT}/benchmarks/gather_slides.tsv"
    params:
        slides=[row["slide"] for row in SLIDES.values()],
        patients=[row["patient"] for row in SLIDES.values()],
        on_excluded=STUDY["on_excluded"],
        min_usable=STUDY["min_usable_slides"],
        code=code("gather_slides"),
    resources:
        mem_mb=1000,
        runtime=20,
    conda:
        "../envs/reporting.yaml"
    message:
        "Gathering what became of every slide"
    script:
        "../workflow_scripts/gather_slides.py"


rule index_regions:
    input:
        regions=per_slide("regions/{slide}.csv"),
        images=lambda w: per_slide(f"regions/{w.magnification}/{{slide}}.zip"),
        intake=rules.gather_slides.output.csv,
    output:
        f"{OUT}/regions/{{magnification}}.csv",
    log:
        f"{OUT}/logs/index_regions/{{magnification}}.log",
    benchmark:
        f"{OUT}/benchmarks/index_regions/{{magnification}}.tsv"
    params:
        slides=[row["slide"] for row in SLIDES.values()],
        reduction=lambda w: magnification.reduction_between(STUDY["teacher_magnification"], magnification.parse(w.magnification)),
        code=code("index_regions"),
    resources:
        mem_mb=2000,
        runtime=60,
    conda:
        "../envs/reporting.yaml"
    message:
        "Indexing all regions at {wildcards.magnification}"
    script:
        "../workflow_scripts/index_regions.py"


rule split_patients:
    input:
        index=index(TEACHER),
    output:
        f"{OUT}/splits.csv",
    log:
        f"{OUT}/logs/split_patients.log",
    benchmark:
        f"{OUT}/benchmarks/split_patients.tsv"
    params:
        sheet=[
            {key: row[key] for key in ("slide", "patient", "site", "label", "true_label", "split")}
            for row in SLIDES.values()
        ],
        classes=STUDY["classes"],
        seeds=STUDY["seeds"],
        split=STUDY["split"],
        code=code("split_patients"),
    resources:
        mem_mb=1000,
        runtime=20,
    conda:
        "../envs/reporting.yaml"
    message:
        "Dividing patients into training, validation and test"
    script:
        "../workflow_scripts/split_patients.py"
