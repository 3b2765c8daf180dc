"""Students: distilled or pretrained, fine-tuned on labels if their row asks for it, then used for prediction."""

STUDENT = "students/{method}/{magnification}/labeled{labeled}-unlabeled{unlabeled}/seed{seed}"


rule distill_student:
    input:
        index=lambda w: index(w.magnification),
        splits=lambda w: splits_of(w.seed),
        targets=recorded_targets,
        teacher=teacher_of,
        teacher_index=index(TEACHER),
    output:
        model=f"{OUT}/{STUDENT}/distilled.safetensors",
        history=f"{OUT}/{STUDENT}/distilled.csv",
        time=f"{OUT}/{STUDENT}/distilled-time.json",
    log:
        f"{OUT}/logs/distill_student/{STUDENT}.log",
    benchmark:
        f"{OUT}/benchmarks/distill_student/{STUDENT}.tsv"
    conda:
        "../envs/distillation.yaml"
    threads: PROCESSES
    resources:
        mem_mb=training_mb,
        runtime=1440,
        gpu=GPUS * PROCESSES,
    params:
        job=student_params("distill_student", "distill"),
    message:
        "Distilling {wildcards.method} at {wildcards.magnification}, seed {wildcards.seed}"
    script:
        "../workflow_scripts/distill_student.py"


rule pretrain_student:
    input:
        index=lambda w: index(w.magnification),
        splits=lambda w: splits_of(w.seed),
    output:
        model=f"{OUT}/{STUDENT}/pretrained.safetensors",
        history=f"{OUT}/{STUDENT}/pretrained.csv",
        time=f"{OUT}/{STUDENT}/pretrained-time.json",
    log:
        f"{OUT}/logs/pretrain_student/{STUDENT}.log",
    benchmark:
        f"{OUT}/benchmarks/pretrain_student/{STUDENT}.tsv"
    conda:
        "../envs/distillation.yaml"
    resources:
        mem_mb=training_mb,
        runtime=1440,
        gpu=GPUS,
    params:
        job=student_params("pretrain_student", "pretrain"),
    message:
        "Pretraining {wildcards.method} at {wildcards.magnification}, seed {wildcards.seed}"
    script:
        "../workflow_scripts/pretrain_student.py"


rule finetune_student:
    input:
        index=lambda w: index(w.magnification),
        splits=lambda w: splits_of(w.seed),
        start=start_of,
        start_history=start_history_of,
    output:
        model=f"{OUT}/{STUDENT}/model.safetensors",
        history=f"{OUT}/{STUDENT}/history.csv",
        time=f"{OUT}/{STUDENT}/time.json",
    log:
        f"{OUT}/logs/finetune_student/{STUDENT}.log",
    benchmark:
        f"{OUT}/benchmarks/finetune_student/{STUDENT}.tsv"
    conda:
        "../envs/distillation.yaml"
    threads: PROCESSES
    resources:
        mem_mb=training_mb,
        runtime=1440,
        gpu=GPUS * PROCESSES,
    params:
        job=student_params("finetune_student", "finetune"),
    message:
        "Fine-tuning {wildcards.method} at {wildcards.magnification}, seed {wildcards.seed}"
    script:
        "../workflow_scripts/finetune_student.py"


rule predict:
    input:
        model=f"{OUT}/{{folder}}/model.safetensors",
        index=lambda w: index(magnification.name_of(FOLDERS[w.folder].magnification)),
        level=lambda w: index(level) if (level := level_of(FOLDERS[w.folder], STUDY)) else [],
        splits=lambda w: splits_of(FOLDERS[w.folder].seed),
    output:
        predictions=f"{OUT}/{{folder}}/predictions.parquet",
    log:
        f"{OUT}/logs/predict/{{folder}}.log",
    benchmark:
        f"{OUT}/benchmarks/predict/{{folder}}.tsv"
    wildcard_constraints:
        folder=r"(teacher|students/[^/]+/[^/]+/[^/]+)/seed\d+",
    conda:
        "../envs/distillation.yaml"
    resources:
        mem_mb=3000,
        runtime=240,
        gpu=GPUS,
    params:
        seed=lambda w: FOLDERS[w.folder].seed,
        predicted=PREDICTED,
        megapixels=STUDY.training.megapixels_per_pass,
        gpu=STUDY.gpu,
        code=code("predict"),
    message:
        "Predicting with {wildcards.folder}"
    script:
        "../workflow_scripts/predict.py"


rule show_examples:
    input:
        teacher=f"{OUT}/{EXAMPLE_TEACHER.folder}/model.safetensors",
        student=f"{OUT}/{EXAMPLE_STUDENT.folder}/model.safetensors",
        teacher_predictions=f"{OUT}/{EXAMPLE_TEACHER.folder}/predictions.parquet",
        student_predictions=f"{OUT}/{EXAMPLE_STUDENT.folder}/predictions.parquet",
        teacher_index=index(TEACHER),
        student_index=index(magnification.name_of(EXAMPLE_STUDENT.magnification)),
        splits=splits_of(EXAMPLE_STUDENT.seed),
        names=NAMES,
    output:
        examples=f"{OUT}/examples/examples.zip",
    log:
        f"{OUT}/logs/show_examples.log",
    benchmark:
        f"{OUT}/benchmarks/show_examples.tsv"
    conda:
        "../envs/distillation.yaml"
    resources:
        mem_mb=3000,
        runtime=20,
        gpu=GPUS,
    params:
        seed=EXAMPLE_STUDENT.seed,
        reported=REPORTED,
        gpu=STUDY.gpu,
        code=code("show_examples"),
    message:
        f"Showing examples of {EXAMPLE_STUDENT.folder} next to its teacher"
    script:
        "../workflow_scripts/show_examples.py"
