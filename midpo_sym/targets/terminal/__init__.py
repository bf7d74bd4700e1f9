"""Results for people at a terminal."""
