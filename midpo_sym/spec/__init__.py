"""From a TOML file to a validated, frozen `Derivation`."""

from midpo_sym.spec.errors import SpecError
from midpo_sym.spec.load import load, loads
from midpo_sym.spec.model import Claim, Derivation, Statement

__all__ = ["Claim", "Derivation", "SpecError", "Statement", "load", "loads"]
