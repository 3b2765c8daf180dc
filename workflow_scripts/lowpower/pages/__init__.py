"""From tables and pictures to pages for people: the report, and the intake page before training."""
