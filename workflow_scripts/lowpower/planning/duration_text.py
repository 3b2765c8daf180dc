"""Times and sizes in readable units."""


def duration(seconds: float) -> str:
    """Format seconds: ``duration(190) == "3 min"``, ``duration(8640) == "2.4 h"``."""
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 1 else "<1 s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 72 * 3600 else f"{seconds / 86400:.1f} days"


def size(mb: float) -> str:
    """Format megabytes, blank for less than half of one: ``size(1234) == "1.2 GB"``."""
    if mb < 999.5:
        return f"{mb:.0f} MB" if mb >= 0.5 else ""
    return f"{mb / 1e3:.1f} GB" if mb < 999.5e3 else f"{mb / 1e6:.1f} TB"
