"""From tables and pictures to readable pages: the report, and the intake page before training."""
