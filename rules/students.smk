"""Students: distilled from the recording, fine-tuned on labels where their row says so, then asked about the test data."""

STUDENT = "students/{method}/{magnification}/labeled{labeled}-unlabeled{unlabeled}/seed{seed}"


def distillation_input(wildcards):
    """The recording, or, for a live teacher, the teacher and its pixels; the teacher's weights where a row starts there."""
    teacher = f"{seed_folder(wildcards)}/model.safetensors"
    files = {"index": index(wildcards.magnification), "splits": f"{OUT}/splits.csv"}
    if LIVE:
        return files | {"targets": [], "teacher": teacher, "teacher_index": index(TEACHER)}
    parts = range(STUDY["recording_parts"])
    files["targets"] = [f"{OUT}/targets/seed{wildcards.seed}/part{part}.safetensors" for part in parts]
    return files | ({"teacher": teacher} if STUDY["methods"][wildcards.method]["init"] == "teacher" else {})


def finetuning_input(wildcards):
    """What a student starts from: itself as distilled, the teacher's weights, or nothing."""
    row = STUDY["methods"][wildcards.method]
    files = {"index": index(wildcards.magnification), "splits": f"{OUT}/splits.csv"}
    if row["distill"]:
        folder = f"{OUT}/{student(wildcards).folder}"
        return files | {"start": f"{folder}/distilled.safetensors", "start_history": f"{folder}/distilled.csv"}
    return files | ({"start": f"{seed_folder(wildcards)}/model.safetensors"} if row["init"] == "teacher" else {})


def student_job(rule, stage):
    """A function of wildcards: the params of one stage (distill or finetune) of a student."""

    def job(wildcards):
        model = student(wildcards)
        row = STUDY["methods"][model.method]
        steps = steps_of(row, STUDY["training"]["steps"])[("distill", "finetune").index(stage)]
        reduction = magnification.reduction_between(STUDY["teacher_magnification"], model.magnification)
        return recipe(rule, model, steps) | {stage: row[stage], "init": row["init"], "reduction": reduction}

    return job


rule distill_student:
    input:
        unpack(distillation_input),
    output:
        model=f"{OUT}/{STUDENT}/distilled.safetensors",
        history=f"{OUT}/{STUDENT}/distilled.csv",
    log:
        f"{OUT}/logs/distill_student/{STUDENT}.log",
    benchmark:
        f"{OUT}/benchmarks/distill_student/{STUDENT}.tsv"
    params:
        job=student_job("distill_student", "distill"),
    resources:
        mem_mb=TRAINING_MB,
        runtime=1440,
        gpu=GPUS,
    conda:
        "../envs/distillation.yaml"
    message:
        "Distilling {wildcards.method} at {wildcards.magnification}, seed {wildcards.seed}"
    script:
        "../workflow_scripts/distill_student.py"


rule finetune_student:
    input:
        unpack(finetuning_input),
    output:
        model=f"{OUT}/{STUDENT}/model.safetensors",
        history=f"{OUT}/{STUDENT}/history.csv",
    log:
        f"{OUT}/logs/finetune_student/{STUDENT}.log",
    benchmark:
        f"{OUT}/benchmarks/finetune_student/{STUDENT}.tsv"
    params:
        job=student_job("finetune_student", "finetune"),
    resources:
        mem_mb=TRAINING_MB,
        runtime=1440,
        gpu=GPUS,
    conda:
        "../envs/distillation.yaml"
    message:
        "Finishing {wildcards.method} at {wildcards.magnification}, seed {wildcards.seed}"
    script:
        "../workflow_scripts/finetune_student.py"


rule predict:
    input:
        model=f"{OUT}/{{folder}}/model.safetensors",
        index=lambda w: index(magnification.name_of(FOLDERS[w.folder].magnification)),
        splits=f"{OUT}/splits.csv",
    output:
        f"{OUT}/{{folder}}/predictions.parquet",
    log:
        f"{OUT}/logs/predict/{{folder}}.log",
    benchmark:
        f"{OUT}/benchmarks/predict/{{folder}}.tsv"
    params:
        job=lambda w: {
            "seed": FOLDERS[w.folder].seed,
            "which": REPORTED,
            "megapixels": STUDY["training"]["megapixels_per_pass"],
            "gpu": STUDY["gpu"],
        },
        code=code("predict"),
    wildcard_constraints:
        folder=r"(teacher|students/[^/]+/[^/]+/[^/]+)/seed\d+",
    resources:
        mem_mb=3000,
        runtime=240,
        gpu=GPUS,
    conda:
        "../envs/distillation.yaml"
    message:
        "Predicting with {wildcards.folder}"
    script:
        "../workflow_scripts/predict.py"


rule show_examples:
    input:
        teacher=f"{OUT}/{EXAMPLE_TEACHER.folder}/model.safetensors",
        student=f"{OUT}/{EXAMPLE_STUDENT.folder}/model.safetensors",
        teacher_index=index(TEACHER),
        student_index=index(magnification.name_of(EXAMPLE_STUDENT.magnification)),
        splits=f"{OUT}/splits.csv",
    output:
        f"{OUT}/examples/examples.zip",
    log:
        f"{OUT}/logs/show_examples.log",
    benchmark:
        f"{OUT}/benchmarks/show_examples.tsv"
    params:
        job={"seed": EXAMPLE_STUDENT.seed, "which": REPORTED, "gpu": STUDY["gpu"]},
        code=code("show_examples"),
    resources:
        mem_mb=3000,
        runtime=20,
        gpu=GPUS,
    conda:
        "../envs/distillation.yaml"
    message:
        f"Showing examples of {EXAMPLE_STUDENT.folder} beside its teacher"
    script:
        "../workflow_scripts/show_examples.py"


rule measure_cost:
    input:
        index=lambda w: index(w.magnification),
        splits=f"{OUT}/splits.csv",
    output:
        f"{OUT}/cost/{NETWORK}-{{magnification}}.json",
    log:
        f"{OUT}/logs/measure_cost/{{magnification}}.log",
    benchmark:
        f"{OUT}/benchmarks/measure_cost/{{magnification}}.tsv"
    params:
        job=lambda w: {
            "seed": STUDY["seeds"][0],
            "magnification": magnification.parse(w.magnification),
            "classes": len(STUDY["classes"]),
            "regions_timed": STUDY["cost"]["regions"],
            "repeats": STUDY["cost"]["repeats"],
            "gpu": STUDY["gpu"],
        },
        code=code("measure_cost"),
    threads: workflow.cores or 1  # the machine to itself: what runs beside a timing falsifies it
    resources:
        mem_mb=3000,
        runtime=30,
        gpu=GPUS,
    conda:
        "../envs/distillation.yaml"
    message:
        "Measuring the cost of a region at {wildcards.magnification}"
    script:
        "../workflow_scripts/measure_cost.py"
