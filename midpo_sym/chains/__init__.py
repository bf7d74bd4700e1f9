"""Chains over finite sets, and the audit of what the paper prints."""
