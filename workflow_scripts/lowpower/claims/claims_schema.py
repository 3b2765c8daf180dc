"""Write the schema of a claim from its settings class.

python -m lowpower.claims.claims_schema schemas/claims.schema.yaml
"""

import sys
from typing import Any

from lowpower.claims.claim import Claim
from lowpower.config.json_schema import schema_of, write_schema


def claims_schema() -> dict[str, Any]:
    """The JSON Schema of a claim, as in schemas/claims.schema.yaml."""
    about = "One claim of a file of claims, which is fixed before training and tested on test data."
    return schema_of(Claim, "lowpower claim", f"{about} Unknown keys are errors.")


if __name__ == "__main__":
    write_schema(sys.argv[1], claims_schema(), room="claims")
