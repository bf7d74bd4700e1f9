"""Judges that share nothing with the kernel: exact tiny models, random models, finite problems."""
