"""A model that travels: one folder with all that reading new slides needs (target package)."""

from lowpower.config.package import ABOUT, CARD, TEACHER as TEACHERS_FOLDER, WEIGHTS
from lowpower.config.packaged_models import package_folder, packaged_models

try:
    PACKAGED = packaged_models(STUDY, MODELS)
except InputError as error:
    raise WorkflowError(str(error))

PACKAGE = f"{OUT}/{package_folder(STUDY)}"
STUDENT_PACKAGED = any(model.method != "teacher" for model in PACKAGED)
PACKAGED = list(dict.fromkeys([*PACKAGED, *(model for model in MODELS if model.method == "teacher")]))


rule package_model:
    input:
        config=rules.write_config.output[0],
        intake=rules.tabulate_slides.output.csv,
        cohort=rules.count_cohort.output.csv,
        results=rules.evaluate.output.csv,
        cost=rules.compare_cost.output.csv,
        splits=[splits_of(seed) for seed in STUDY.seeds],
        units=UNITS,
        files=[f"{OUT}/{model.folder}/model.safetensors" for model in PACKAGED],
    output:
        student=[f"{PACKAGE}/{name}" for name in (ABOUT, WEIGHTS, CARD)],
        teacher=[f"{PACKAGE}/{TEACHERS_FOLDER}/{name}" for name in (ABOUT, WEIGHTS, CARD) if STUDENT_PACKAGED],
    log:
        f"{OUT}/logs/package_model.log",
    benchmark:
        f"{OUT}/benchmarks/package_model.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        models=[model.as_row() for model in PACKAGED],
        scanners=unformatted(sorted({row.scanner for row in SLIDES.values()})),
        code=code("package_model"),
    message:
        f"Packaging a model in {PACKAGE}"
    script:
        "../workflow_scripts/package_model.py"
