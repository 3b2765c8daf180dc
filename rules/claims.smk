"""Claims: written in a file, registered before the first model, tested on test data."""

from lowpower.claims.claims_file import read_claims, registration, resolve

try:
    CLAIMS = read_claims(STUDY.claims or HOME / "configs/claims.yaml", HOME / "schemas/claims.schema.yaml")
except InputError as error:
    raise WorkflowError(str(error))

REGISTER = registration(f"{OUT}/claims", CLAIMS.sha256)
RESOLVED = resolve(CLAIMS.claims, STUDY, MODELS)
CLAIMED = [model for model in MODELS if any(model.folder in arm.folders for claim in RESOLVED for arm in claim.arms)]


# Its params have no code hash: a later version would rewrite the entry, which would then say that training had begun.
rule register_claims:
    output:
        register=REGISTER[-1],
    log:
        f"{OUT}/logs/register_claims.log",
    benchmark:
        f"{OUT}/benchmarks/register_claims.tsv"
    priority: 20  # before any model
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        claims=CLAIMS.written,
        sha256=CLAIMS.sha256,
    message:
        "Registering the claims"
    script:
        "../workflow_scripts/register_claims.py"


rule judge_claims:
    input:
        register=REGISTER,
        units=UNITS,
    output:
        csv=f"{OUT}/tables/claims.csv",
        md=f"{OUT}/tables/claims.md",
        tex=f"{OUT}/tables/claims.tex",
    log:
        f"{OUT}/logs/judge_claims.log",
    benchmark:
        f"{OUT}/benchmarks/judge_claims.tsv"
    conda:
        "../envs/reporting.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        claims=[asdict(claim) for claim in RESOLVED],
        folders=[model.folder for model in CLAIMED],
        statistics=STUDY.statistics.as_dict(),
        cohort=STUDY.cohort,
        code=code("judge_claims"),
    message:
        "Testing the claims"
    script:
        "../workflow_scripts/judge_claims.py"
