"""Figures as they are drawn."""

import pytest

from lowpower.figures import style


@pytest.fixture
def figures(monkeypatch):
    """Every figure that is drawn."""
    found = []
    save = style.save
    monkeypatch.setattr(style, "save", lambda figure, *paths: (found.append(figure), save(figure, *paths)))
    return found
