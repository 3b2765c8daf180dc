"""From tables to figures and the report."""

# In the report's order; figures against a share of patients need a study with several shares.
FIGURES = [
    *("accuracy_flops", "referral"),
    *(f"{images}_share" for images in ("unlabeled", "labeled") if len(getattr(STUDY, images)) > 1),
    *("recall", "confusion", "roc", "reliability", "examples", "disagreements", "training_curves"),
]


rule draw_figures:
    input:
        results=rules.evaluate.output.csv,
        confusion=rules.evaluate.output.confusion,
        cost=rules.compare_cost.output.csv,
        referral=rules.refer_units.output.csv,
        roc=rules.trace_curves.output.roc,
        reliability=rules.trace_curves.output.reliability,
        histories=model_files("history.csv"),
        examples=rules.show_examples.output[0],
    output:
        figures=[f"{OUT}/figures/{name}.{kind}" for name in FIGURES for kind in ("svg", "png")],
    log:
        f"{OUT}/logs/draw_figures.log",
    benchmark:
        f"{OUT}/benchmarks/draw_figures.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        models=[model.as_row() for model in MODELS],
        classes=unformatted(STUDY.classes),
        scales={"teacher": TEACHER, "student": magnification.name_of(EXAMPLE_STUDENT.magnification)},
        code=code("draw_figures"),
    message:
        "Drawing figures"
    script:
        "../workflow_scripts/draw_figures.py"


rule write_report:
    input:
        config=rules.write_config.output[0],
        intake=rules.tabulate_slides.output.csv,
        cohort=rules.count_cohort.output.csv,
        results=rules.evaluate.output.csv,
        cost=rules.compare_cost.output.csv,
        claims=rules.judge_claims.output.csv,
        hours=rules.count_hours.output.csv,
        referral=rules.refer_units.output.csv,
        figures=[path for path in rules.draw_figures.output if path.endswith(".svg")],
        overviews=lambda w: per_slide("overviews/{slide}.jpg"),
        teacher=f"{OUT}/{EXAMPLE_TEACHER.folder}/model.safetensors",
        names=NAMES,
        expected=STUDY.expected or [],
    output:
        report=f"{OUT}/report.html",
    log:
        f"{OUT}/logs/write_report.log",
    benchmark:
        f"{OUT}/benchmarks/write_report.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=2000,
        runtime=20,
    params:
        slides=unformatted([row.slide for row in SLIDES.values()]),
        controls=controls(STUDY),
        differing=unformatted(DIFFERING),
        code=code("write_report"),
    message:
        "Writing the report"
    script:
        "../workflow_scripts/write_report.py"
