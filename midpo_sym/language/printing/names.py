"""The symbols of names that declare none: Greek letters, indices, upright words."""

from __future__ import annotations

from midpo_sym.language.printing.printer import Symbol

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "Delta": "Δ", "Gamma": "Γ", "Lambda": "Λ", "Omega": "Ω", "Phi": "Φ", "Psi": "Ψ",
}  # fmt: skip
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def default_symbol(name: str) -> Symbol:
    """Return the symbol of a name that declares none.

    `mu1` and `mu_1` are μ with an index, a Greek letter is that letter, any other name is
    itself, upright.
    """
    stem = name.rstrip("0123456789")
    index = name[len(stem) :]
    stem = stem.rstrip("_") or stem
    greek = GREEK.get(stem)
    if greek:
        latex, unicode = f"\\{stem}", greek
    elif len(stem) == 1:
        latex, unicode = stem, stem
    else:
        latex, unicode = rf"\mathrm{{{stem}}}".replace("_", r"\_"), stem
    if index:
        latex, unicode = f"{latex}_{{{index}}}", unicode + index.translate(SUBSCRIPTS)
    return Symbol(latex, unicode)
