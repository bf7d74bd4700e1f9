"""What the modules of several libraries share."""
