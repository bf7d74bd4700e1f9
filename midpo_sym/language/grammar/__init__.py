"""Text to tree: one reader, with a profile for losses and one for finite sets."""
