"""Drawings as SVG: one file each, with nothing fetched and no script."""
