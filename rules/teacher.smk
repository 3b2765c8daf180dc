"""The teacher: trained on labels at high magnification (or given), then run once on every view of each region."""

if external_teacher(STUDY):

    rule adopt_teacher:
        input:
            teacher=external_teacher(STUDY),
            claims=ancient(REGISTER[0]),
        output:
            model=f"{OUT}/teacher/seed{{seed}}/model.safetensors",
            history=f"{OUT}/teacher/seed{{seed}}/history.csv",
        log:
            f"{OUT}/logs/adopt_teacher/seed{{seed}}.log",
        benchmark:
            f"{OUT}/benchmarks/adopt_teacher/seed{{seed}}.tsv"
        conda:
            "../envs/teacher.yaml"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=code("adopt_teacher"),
        message:
            "Taking {input.teacher} as the teacher of seed {wildcards.seed}"
        script:
            "../workflow_scripts/adopt_teacher.py"

else:

    rule train_teacher:
        input:
            index=index(TEACHER),
            splits=f"{OUT}/splits/seed{{seed}}.csv",
            start=STUDY.teacher_weights or [],
            claims=ancient(REGISTER[0]),  # claims are registered first; later entries retrain nothing
        output:
            model=f"{OUT}/teacher/seed{{seed}}/model.safetensors",
            history=f"{OUT}/teacher/seed{{seed}}/history.csv",
            time=f"{OUT}/teacher/seed{{seed}}/time.json",
        log:
            f"{OUT}/logs/train_teacher/seed{{seed}}.log",
        benchmark:
            f"{OUT}/benchmarks/train_teacher/seed{{seed}}.tsv"
        priority: 10  # all but a few students wait for it
        conda:
            "../envs/teacher.yaml"
        threads: PROCESSES
        resources:
            mem_mb=training_mb,
            runtime=1440,
            gpu=GPUS * PROCESSES,
        params:
            job=lambda w: asdict(teacher_job(STUDY, int(w.seed), code("train_teacher"))),
        message:
            f"Training the teacher at {TEACHER}, seed {{wildcards.seed}}"
        script:
            "../workflow_scripts/train_teacher.py"


rule choose_teacher:
    input:
        models=[f"{OUT}/teacher/seed{seed}/model.safetensors" for seed in STUDY.seeds],
        histories=[f"{OUT}/teacher/seed{seed}/history.csv" for seed in STUDY.seeds],
    output:
        model=f"{OUT}/teacher/best/model.safetensors",
    log:
        f"{OUT}/logs/choose_teacher.log",
    benchmark:
        f"{OUT}/benchmarks/choose_teacher.tsv"
    conda:
        "../envs/teacher.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("choose_teacher"),
    message:
        "Choosing the teacher with the lowest validation log loss"
    script:
        "../workflow_scripts/choose_teacher.py"


rule record_teacher:
    input:
        teacher=teacher_of,
        index=index(TEACHER),
        splits=f"{OUT}/splits/seed{{seed}}.csv",
    output:
        targets=f"{OUT}/targets/seed{{seed}}/part{{part}}.safetensors",
    log:
        f"{OUT}/logs/record_teacher/seed{{seed}}/part{{part}}.log",
    benchmark:
        f"{OUT}/benchmarks/record_teacher/seed{{seed}}/part{{part}}.tsv"
    priority: 10  # all but a few students wait for it
    conda:
        "../envs/teacher.yaml"
    resources:
        mem_mb=8000,
        runtime=480,
        gpu=GPUS,
    params:
        seed=lambda w: int(w.seed),
        views=STUDY.views,
        part=lambda w: int(w.part),
        parts=STUDY.recording_parts,
        augmentation=STUDY.augmentation.as_dict(),
        megapixels=STUDY.training.megapixels_per_pass,
        gpu=STUDY.gpu,
        code=code("record_teacher"),
    message:
        f"Recording teacher outputs for {STUDY.views} views of each training region, seed {{wildcards.seed}}"
    script:
        "../workflow_scripts/record_teacher.py"
