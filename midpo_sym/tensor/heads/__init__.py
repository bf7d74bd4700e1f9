"""The lm_head of a model as it stands: what it adds to a plain product is read, or refused."""
