"""What a study is: its config, its sheet and its models, read once and checked before any job."""
