"""From predictions and costs to tables, figures and the report."""

from lowpower.study.jobs import controls

TABLE_FORMS = ("csv", "md", "tex")

# In the report's order; what more images bring can be drawn only where a study has several shares of them.
FIGURES = [
    *("accuracy_flops", "referral"),
    *(f"{images}_share" for images in ("unlabeled", "labeled") if len(STUDY[images]) > 1),
    *("recall", "confusion", "roc", "reliability", "examples", "disagreements", "training_curves"),
]
TIMES = [(f"{OUT}/{name}", k) for k, model in enumerate(MODELS) for name in time_files(STUDY, model)]
COSTS = [f"{OUT}/cost/{network}-{scale}.json" for network, scale in NETWORKS]


rule evaluate:
    input:
        predictions=model_files("predictions.parquet"),
        splits=[splits_of(seed) for seed in STUDY["seeds"]],
    output:
        **{f"{name}_{form}": f"{OUT}/tables/{name}.{form}" for name in ("classes", "sites") for form in TABLE_FORMS},
        csv=f"{OUT}/tables/results.csv",
        md=f"{OUT}/tables/results.md",
        tex=f"{OUT}/tables/results.tex",
        confusion=f"{OUT}/tables/confusion.csv",
        patients=f"{OUT}/tables/patients.csv",
    log:
        f"{OUT}/logs/evaluate.log",
    benchmark:
        f"{OUT}/benchmarks/evaluate.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        models=[result_row(STUDY, model) for model in MODELS],
        classes=STUDY["classes"],
        regions_have_labels=STUDY["regions_have_labels"],
        splits=REPORTED,
        statistics=STUDY["statistics"],
        aggregation={"way": STUDY["aggregation"], "k": STUDY["top_k"]},
        positive_class=STUDY["positive_class"],
        code=code("evaluate"),
    message:
        "Computing results with intervals"
    script:
        "../workflow_scripts/evaluate.py"


rule measure_cost:
    input:
        index=lambda w: index(w.magnification),
        splits=splits_of(STUDY["seeds"][0]),
    output:
        f"{OUT}/cost/{{network}}-{{magnification}}.json",
    log:
        f"{OUT}/logs/measure_cost/{{network}}/{{magnification}}.log",
    benchmark:
        f"{OUT}/benchmarks/measure_cost/{{network}}/{{magnification}}.tsv"
    conda:
        "../envs/distillation.yaml"
    threads: workflow.resource_settings.cores or 1  # the machine to itself: what runs beside a timing falsifies it
    resources:
        mem_mb=3000,
        runtime=30,
        gpu=GPUS,
    params:
        job=lambda w: {
            "seed": STUDY["seeds"][0],
            "network": w.network,
            "magnification": magnification.parse(w.magnification),
            "classes": len(STUDY["classes"]),
            "regions_timed": STUDY["cost"]["regions"],
            "repeats": STUDY["cost"]["repeats"],
            "gpu": STUDY["gpu"],
        },
        code=code("measure_cost"),
    message:
        "Measuring the cost of a region with {wildcards.network} at {wildcards.magnification}"
    script:
        "../workflow_scripts/measure_cost.py"


rule compare_cost:
    input:
        costs=COSTS,
    output:
        csv=f"{OUT}/tables/cost.csv",
        md=f"{OUT}/tables/cost.md",
        tex=f"{OUT}/tables/cost.tex",
    log:
        f"{OUT}/logs/compare_cost.log",
    benchmark:
        f"{OUT}/benchmarks/compare_cost.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("compare_cost"),
    message:
        "Comparing costs"
    script:
        "../workflow_scripts/compare_cost.py"


rule count_hours:
    input:
        times=[path for path, _ in TIMES],
    output:
        csv=f"{OUT}/tables/hours.csv",
        md=f"{OUT}/tables/hours.md",
        tex=f"{OUT}/tables/hours.tex",
    log:
        f"{OUT}/logs/count_hours.log",
    benchmark:
        f"{OUT}/benchmarks/count_hours.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        owners=[owner for _, owner in TIMES],
        models=[timed_row(STUDY, model) for model in MODELS],
        recordings={  # no input: it would bring back recordings that were deleted
            str(seed): [
                f"{OUT}/benchmarks/record_teacher/seed{seed}/part{part}.tsv"
                for part in range(STUDY["recording_parts"])
            ]
            for seed in STUDY["seeds"]
        },
        code=code("count_hours"),
    message:
        "Counting the hours of training"
    script:
        "../workflow_scripts/count_hours.py"


rule refer_units:
    input:
        predictions=model_files("predictions.parquet"),
        cost=rules.compare_cost.output.csv,
    output:
        csv=f"{OUT}/tables/referral.csv",
        md=f"{OUT}/tables/referral.md",
        tex=f"{OUT}/tables/referral.tex",
    log:
        f"{OUT}/logs/refer_units.log",
    benchmark:
        f"{OUT}/benchmarks/refer_units.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        models=[result_row(STUDY, model) for model in MODELS],
        classes=STUDY["classes"],
        regions_have_labels=STUDY["regions_have_labels"],
        splits=REPORTED,
        statistics=STUDY["statistics"],
        controls=controls(STUDY),
        code=code("refer_units"),
    message:
        "Referring to the teacher what students read without being sure"
    script:
        "../workflow_scripts/refer_units.py"


rule trace_curves:
    input:
        predictions=model_files("predictions.parquet"),
    output:
        roc=f"{OUT}/tables/roc.csv",
        reliability=f"{OUT}/tables/reliability.csv",
    log:
        f"{OUT}/logs/trace_curves.log",
    benchmark:
        f"{OUT}/benchmarks/trace_curves.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        models=[result_row(STUDY, model) for model in MODELS],
        classes=STUDY["classes"],
        regions_have_labels=STUDY["regions_have_labels"],
        splits=REPORTED,
        code=code("trace_curves"),
    message:
        "Tracing ROC and reliability"
    script:
        "../workflow_scripts/trace_curves.py"


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
        **{f"{name}_{kind}": f"{OUT}/figures/{name}.{kind}" for name in FIGURES for kind in ("svg", "png")},
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
        classes=STUDY["classes"],
        scales={"teacher": TEACHER, "student": magnification.name_of(EXAMPLE_STUDENT.magnification)},
        code=code("draw_figures"),
    message:
        "Drawing figures"
    script:
        "../workflow_scripts/draw_figures.py"


rule write_report:
    input:
        config=rules.write_config.output,
        intake=rules.tabulate_slides.output.csv,
        cohort=rules.count_cohort.output.csv,
        results=rules.evaluate.output.csv,
        cost=rules.compare_cost.output.csv,
        claims=rules.judge_claims.output.csv,
        hours=rules.count_hours.output.csv,
        referral=rules.refer_units.output.csv,
        figures=rules.draw_figures.output,
        overviews=per_slide("overviews/{slide}.jpg"),
        teacher=f"{OUT}/{EXAMPLE_TEACHER.folder}/model.safetensors",
        names=NAMES,
    output:
        f"{OUT}/report.html",
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
        slides=[row["slide"] for row in SLIDES.values()],
        code=code("write_report"),
    message:
        "Writing the report"
    script:
        "../workflow_scripts/write_report.py"
