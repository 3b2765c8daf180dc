"""From regions and predictions to evidence: intake, splits, metrics, intervals, tables."""
