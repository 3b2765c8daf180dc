"""From all slides to one cohort: states of the slides, an index of all regions, and the split of patients."""


rule gather_slides:
    input:
        checks=lambda w: per_slide("slides/{slide}.json"),
        masks=lambda w: per_slide("masks/{slide}.json"),
        tiles=lambda w: per_slide("regions/{slide}.json"),
    output:
        csv=f"{OUT}/intake.csv",
    log:
        f"{OUT}/logs/gather_slides.log",
    benchmark:
        f"{OUT}/benchmarks/gather_slides.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        slides=unformatted([row.slide for row in SLIDES.values()]),
        patients=unformatted([row.patient for row in SLIDES.values()]),
        on_excluded=STUDY.on_excluded,
        min_usable=STUDY.min_usable_slides,
        code=code("gather_slides"),
    message:
        "Gathering the intake results of all slides"
    script:
        "../workflow_scripts/gather_slides.py"


rule tabulate_slides:
    input:
        intake=rules.gather_slides.output.csv,
        names=NAMES,
    output:
        csv=f"{OUT}/tables/intake.csv",
        md=f"{OUT}/tables/intake.md",
    log:
        f"{OUT}/logs/tabulate_slides.log",
    benchmark:
        f"{OUT}/benchmarks/tabulate_slides.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("tabulate_slides"),
    message:
        "Writing the table of slides"
    script:
        "../workflow_scripts/tabulate_slides.py"


rule index_regions:
    input:
        regions=lambda w: per_slide("regions/{slide}.csv", w.scale),
        images=lambda w: per_slide(f"regions/{w.scale}/{{slide}}.zip", w.scale),
        intake=rules.gather_slides.output.csv,
    output:
        index=f"{OUT}/regions/{{scale}}.csv",
    log:
        f"{OUT}/logs/index_regions/{{scale}}.log",
    benchmark:
        f"{OUT}/benchmarks/index_regions/{{scale}}.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        slides=lambda w: [row.slide for row in slides_of_index(w.scale).values()],
        reduction=lambda w: magnification.reduction_between(
            STUDY.teacher_magnification, magnification.parse(w.scale.removesuffix("-level"))
        ),
        code=code("index_regions"),
    message:
        "Indexing all regions at {wildcards.scale}"
    script:
        "../workflow_scripts/index_regions.py"


rule split_patients:
    input:
        index=index(TEACHER),
    output:
        splits=f"{OUT}/splits/seed{{seed}}.csv",
    log:
        f"{OUT}/logs/split_patients/seed{{seed}}.log",
    benchmark:
        f"{OUT}/benchmarks/split_patients/seed{{seed}}.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        sheet=[asdict(row) for row in PEOPLE],
        classes=unformatted(STUDY.classes),
        seed=lambda w: int(w.seed),
        split=STUDY.split.as_dict(),
        annotated=STUDY.unit == "annotation",
        code=code("split_patients"),
    message:
        "Splitting patients into training, validation and test, seed {wildcards.seed}"
    script:
        "../workflow_scripts/split_patients.py"


rule count_cohort:
    input:
        splits=[splits_of(seed) for seed in STUDY.seeds],
        index=index(TEACHER),
        intake=rules.gather_slides.output.csv,
    output:
        csv=f"{OUT}/tables/cohort.csv",
        md=f"{OUT}/tables/cohort.md",
        tex=f"{OUT}/tables/cohort.tex",
    log:
        f"{OUT}/logs/count_cohort.log",
    benchmark:
        f"{OUT}/benchmarks/count_cohort.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        classes=unformatted(STUDY.classes),
        code=code("count_cohort"),
    message:
        "Counting the cohort"
    script:
        "../workflow_scripts/count_cohort.py"


rule show_intake:
    input:
        config=rules.write_config.output[0],
        intake=rules.tabulate_slides.output.csv,
        overviews=lambda w: per_slide("overviews/{slide}.jpg"),
        cohort=[] if PROBLEMS else rules.count_cohort.output.csv,
        names=NAMES,
    output:
        page=f"{OUT}/intake.html",
    log:
        f"{OUT}/logs/show_intake.log",
    benchmark:
        f"{OUT}/benchmarks/show_intake.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        slides=unformatted([row.slide for row in SLIDES.values()]),
        labels=unformatted([row.label for row in SLIDES.values()]),
        problems=unformatted(PROBLEMS),
        code=code("show_intake"),
    message:
        "Writing the intake page"
    script:
        "../workflow_scripts/show_intake.py"
