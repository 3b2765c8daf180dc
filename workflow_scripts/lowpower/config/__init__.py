"""The study: its config, sheet and models, read once and checked before any job."""
