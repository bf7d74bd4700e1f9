"""From a TOML file to a validated, frozen `Derivation`."""

from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.model import Claim, Derivation, Statement
from midpo_sym.spec.reading.losses import load, loads

__all__ = ["Claim", "Derivation", "SpecError", "Statement", "load", "loads"]
