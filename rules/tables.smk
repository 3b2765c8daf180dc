"""From predictions, costs and times to tables of results."""

from lowpower.config.training_jobs import controls

TABLE_FORMS = ("csv", "md", "tex")

TIMES = [(f"{OUT}/{name}", k) for k, model in enumerate(MODELS) for name in time_files(STUDY, model)]
COSTS = [f"{OUT}/cost/{network}-{scale}.json" for network, scale in NETWORKS]


rule judge_units:
    input:
        predictions=model_files("predictions.parquet"),
        splits=[splits_of(seed) for seed in STUDY.seeds],
    output:
        units=UNITS,
    log:
        f"{OUT}/logs/judge_units.log",
    benchmark:
        f"{OUT}/benchmarks/judge_units.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        classes=unformatted(STUDY.classes),
        regions_have_labels=STUDY.regions_have_labels,
        aggregation={"way": STUDY.aggregation, "k": STUDY.top_k},
        models=[model.as_row() for model in MODELS],
        reported=REPORTED,
        code=code("judge_units"),
    message:
        "Evaluating all predictions, once for all tables"
    script:
        "../workflow_scripts/judge_units.py"


rule evaluate:
    input:
        units=UNITS,
        expected=STUDY.expected or [],
    output:
        csv=f"{OUT}/tables/results.csv",
        md=f"{OUT}/tables/results.md",
        tex=f"{OUT}/tables/results.tex",
        confusion=f"{OUT}/tables/confusion.csv",
        class_tables=[f"{OUT}/tables/classes.{form}" for form in TABLE_FORMS],
        site_tables=[f"{OUT}/tables/sites.{form}" for form in TABLE_FORMS],
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
        classes=unformatted(STUDY.classes),
        models=[result_row(STUDY, model) for model in MODELS],
        reported=REPORTED,
        statistics=STUDY.statistics.as_dict(),
        positive_class=unformatted(STUDY.positive_class),
        differing=unformatted(DIFFERING),
        code=code("evaluate"),
    message:
        "Computing results with intervals"
    script:
        "../workflow_scripts/evaluate.py"


rule list_patients:
    input:
        units=UNITS,
        names=NAMES,
    output:
        csv=f"{OUT}/tables/patients.csv",
    log:
        f"{OUT}/logs/list_patients.log",
    benchmark:
        f"{OUT}/benchmarks/list_patients.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        classes=unformatted(STUDY.classes),
        models=[result_row(STUDY, model) for model in MODELS],
        reported=REPORTED,
        code=code("list_patients"),
    message:
        "Listing the prediction of every model for every patient"
    script:
        "../workflow_scripts/list_patients.py"


rule measure_cost:
    input:
        index=lambda w: index(w.magnification),
        splits=splits_of(STUDY.seeds[0]),
    output:
        cost=f"{OUT}/cost/{{network}}-{{magnification}}.json",
    log:
        f"{OUT}/logs/measure_cost/{{network}}/{{magnification}}.log",
    benchmark:
        f"{OUT}/benchmarks/measure_cost/{{network}}/{{magnification}}.tsv"
    conda:
        "../envs/distillation.yaml"
    threads: workflow.resource_settings.cores or 1  # no other job at the same time: it would slow down the measurement
    resources:
        mem_mb=3000,
        runtime=30,
        gpu=GPUS,
    params:
        seed=STUDY.seeds[0],
        network=lambda w: w.network,
        magnification=lambda w: magnification.parse(w.magnification),
        classes=len(STUDY.classes),
        regions_timed=STUDY.cost.regions,
        repeats=STUDY.cost.repeats,
        gpu=STUDY.gpu,
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
        cost=rules.compare_cost.output.csv,
        index=index(TEACHER),
        splits=[splits_of(seed) for seed in STUDY.seeds],
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
        recordings={  # a param: as an input, deleted recordings would be made again
            str(seed): [
                f"{OUT}/benchmarks/record_teacher/seed{seed}/part{part}.tsv" for part in range(STUDY.recording_parts)
            ]
            for seed in STUDY.seeds
        },
        views=STUDY.views,
        code=code("count_hours"),
    message:
        "Computing the training budget of each row"
    script:
        "../workflow_scripts/count_hours.py"


rule refer_units:
    input:
        units=UNITS,
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
        reported=REPORTED,
        statistics=STUDY.statistics.as_dict(),
        controls=controls(STUDY),
        code=code("refer_units"),
    message:
        "Referring uncertain cases of the students to the teacher"
    script:
        "../workflow_scripts/refer_units.py"


rule trace_curves:
    input:
        units=UNITS,
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
        reported=REPORTED,
        code=code("trace_curves"),
    message:
        "Computing ROC and reliability curves"
    script:
        "../workflow_scripts/trace_curves.py"
