"""The complete config with every default, and the plan of its run on this machine."""


rule write_config:
    output:
        path=f"{OUT}/config.json",
    log:
        f"{OUT}/logs/write_config.log",
    benchmark:
        f"{OUT}/benchmarks/write_config.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        content=STUDY.as_dict(),
        code=code("write_config"),
    message:
        "Writing the config with all defaults"
    script:
        "../workflow_scripts/write_config.py"


rule make_pseudonyms:
    output:
        table=f"{OUT}/private/pseudonyms.csv",
    log:
        f"{OUT}/logs/make_pseudonyms.log",
    benchmark:
        f"{OUT}/benchmarks/make_pseudonyms.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        slides=unformatted([row.slide for row in SLIDES.values()]),
        patients=unformatted([row.patient for row in SLIDES.values()]),
        code=code("make_pseudonyms"),
    message:
        "Giving every slide and patient a pseudonym"
    script:
        "../workflow_scripts/make_pseudonyms.py"


NAMES = rules.make_pseudonyms.output[0] if STUDY.ids == "pseudonym" else []  # for rules that publish ids


rule plan:
    log:
        f"{OUT}/logs/plan.log",
    localrule: True
    conda:
        "../envs/reporting.yaml"
    params:
        study=STUDY.as_dict(),
        jobs=planned_jobs(STUDY, len(SLIDES), len(JUDGED)),
        scales={
            count: planned_jobs(STUDY, count, round(count * len(JUDGED) / len(SLIDES)))
            for count in STUDY.plan.slides or [len(SLIDES)]
        },
        models=[model.as_row() for model in MODELS],
        slides=unformatted([row.file for row in SLIDES.values()]),
        results="results",
        tested=count_tested(PEOPLE, STUDY.classes, STUDY.seeds, STUDY.split),
    message:
        "Estimating the time, memory and disk that this config needs"
    script:
        "../workflow_scripts/plan.py"
