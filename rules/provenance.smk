"""Record of inputs, code and machine with hashes, and recomputed tables. Included last, because it reads all rules."""

from dataclasses import asdict

from lowpower.hashes import hash_of
from lowpower.provenance.environment import read_lock
from lowpower.provenance.rule_files import as_job, files_of, writers

PROVENANCE = f"{OUT}/provenance.json"
SCALES = {magnification.name_of(model.magnification) for model in MODELS} | {level_of(model, STUDY) for model in MODELS}
SCRIPTS = sorted(path.stem for path in (HOME / "workflow_scripts").glob("*.py"))


rule write_model_cards:
    input:
        config=rules.write_config.output[0],
        intake=rules.tabulate_slides.output.csv,
        cohort=rules.count_cohort.output.csv,
        results=rules.evaluate.output.csv,
        cost=rules.compare_cost.output.csv,
        splits=[splits_of(seed) for seed in STUDY.seeds],
        files=model_files("model.safetensors"),
    output:
        cards=model_files("model_card.md"),
    log:
        f"{OUT}/logs/write_model_cards.log",
    benchmark:
        f"{OUT}/benchmarks/write_model_cards.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        models=[model.as_row() for model in MODELS],
        scanners=unformatted(sorted({row.scanner for row in SLIDES.values()})),
        code=code("write_model_cards"),
    message:
        "Writing a model card for each model"
    script:
        "../workflow_scripts/write_model_cards.py"


rule record_provenance:
    input:
        config=rules.write_config.output[0],
        intake=rules.gather_slides.output.csv,
        models=model_files("model.safetensors"),
        names=NAMES,
        files=sorted(
            files_of(writers(workflow.rules, OUT, "units.parquet", "tables", "figures"))
            - {*rules.make_pseudonyms.output, STUDY.expected}
            | {index(scale) for scale in SCALES if scale}
            | {*rules.write_report.output, *rules.write_model_cards.output}
        ),
    output:
        provenance=PROVENANCE,
    log:
        f"{OUT}/logs/record_provenance.log",
    benchmark:
        f"{OUT}/benchmarks/record_provenance.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        sheet=hash_of(STUDY.slides),
        code={script: code(script) for script in SCRIPTS},
        lock=read_lock(HOME / "requirements.txt"),
    message:
        "Recording inputs, code and versions of the study"
    script:
        "../workflow_scripts/record_provenance.py"


rule verify:  # no inputs: Snakemake would first update the files that this rule checks
    log:
        f"{OUT}/logs/verify.log",
    localrule: True
    conda:
        "../envs/reporting.yaml"
    params:
        jobs=lambda w: [asdict(as_job(rule)) for rule in writers(workflow.rules, OUT, "units.parquet", "tables")],
        code=rules.record_provenance.params.code,
        provenance=PROVENANCE,
    message:
        "Recomputing every table"
    script:
        "../workflow_scripts/verify.py"
