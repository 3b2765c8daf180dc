"""From tables to figures: matplotlib, one style, SVG and PNG."""
