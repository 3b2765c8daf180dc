"""From packages and new slides to answers: the one place where slides and models meet."""
