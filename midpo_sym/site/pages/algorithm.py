"""The page of an algorithm, and the files to download from it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from midpo_sym.language.links import LINKS
from midpo_sym.language.printing.mathematics import to_latex, to_unicode
from midpo_sym.prover.framework import FRAMEWORK_LINK
from midpo_sym.prover.properties import Properties
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Proved
from midpo_sym.session import remembering
from midpo_sym.site.atlas.placed import placed
from midpo_sym.site.atlas.words import GLOSSARY
from midpo_sym.site.live import program as live
from midpo_sym.site.live.plot import Plot, curves, draw
from midpo_sym.site.maths.layout import formula
from midpo_sym.site.maths.symbols import entries
from midpo_sym.site.mkdocs.templating import fenced, indented, render
from midpo_sym.site.pages.page import Navigation, Pages
from midpo_sym.site.parts import verdicts
from midpo_sym.site.parts.certificate import news
from midpo_sym.site.parts.cited import cited
from midpo_sym.site.parts.counterexample import counterexamples
from midpo_sym.site.parts.derivation import chains
from midpo_sym.site.parts.gradient import gradient_of
from midpo_sym.site.parts.material import Algorithm, Material
from midpo_sym.targets.json.report import report
from midpo_sym.targets.latex.losses import to_article, to_document

FOLDER = "algorithms"

_MOST_REMEMBERED = 100  # pages


def make(material: Material, cache: Path | None) -> Pages:
    """Return a page for each algorithm, and what is downloaded from it."""
    files: dict[str, bytes] = {}
    for each in material.algorithms:
        files |= _made(each, material, cache)
    listed: Navigation = [
        {each.derivation.title: f"{FOLDER}/{each.id}.md"} for each in material.algorithms
    ]
    return Pages(files, listed)


def _made(algorithm: Algorithm, material: Material, cache: Path | None) -> dict[str, bytes]:
    """Return the files of an algorithm; the same, if all that they are made from is the same."""
    derivation = algorithm.derivation
    others = [(it.id, it.becomes, it.derivation.title) for it in material.algorithms]
    work = material.works.get(derivation.source.work) if derivation.source else None
    place = placed(derivation.id, material.atlas, work) if material.atlas else None
    key = repr((derivation.path, derivation.text, others, material.works, place))
    with remembering() as session:
        return session.recall(
            __name__, _MOST_REMEMBERED, key, lambda: _files(algorithm, material, cache, place)
        )


def _files(
    algorithm: Algorithm, material: Material, cache: Path | None, place: dict[str, Any] | None
) -> dict[str, bytes]:
    derivation, result = algorithm.derivation, algorithm.main
    program = live.loss_program(result.statement)
    moved = live.sliders(derivation, program)
    base = f"{FOLDER}/{algorithm.id}"
    works = list(
        dict.fromkeys(
            each.work
            for each in (derivation.source, *(claim.citation for claim in derivation.claims))
            if each and each.work in material.works
        )
    )
    bibtex = "\n\n".join(material.works[each].bibtex() for each in works)
    data = report(algorithm.results, {algorithm.id: algorithm.becomes}, steps=True, timed=False)
    page = render(
        "algorithm.md",
        **_what(algorithm, material),
        place=place,
        glossary=GLOSSARY,
        root="../",
        plots=_plots(algorithm.id, derivation.title, program, moved, cache),
        live={
            "name": algorithm.id,
            "variable": live.VARIABLE,
            "reference": live.REFERENCE,
            "horizon": live.HORIZON,
            "fixed": sorted(
                {name for name in program.variables() if name.startswith("logp_")}
                - {each.name for each in moved}
            ),
        },
        sliders=[_slider(each, algorithm) for each in moved],
    )
    loss, source = algorithm.loss, f"{algorithm.id}.toml"
    return {
        **({f"{base}_loss.py": loss.encode()} if loss else {}),
        **{f"{FOLDER}/{each.file}": each.text.encode() for each in algorithm.certificates},
        f"{base}.md": page,
        f"{base}.toml": derivation.text.encode(),
        f"{base}.js": live.to_javascript(program, algorithm.id, source).encode(),
        f"{base}.tex": to_article(source, to_document(algorithm.results)).encode(),
        f"{base}.bib": f"{bibtex}\n".encode(),
        f"{base}.json": (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode(),
    }


def _what(algorithm: Algorithm, material: Material) -> dict[str, Any]:
    derivation, result = algorithm.derivation, algorithm.main
    statement, symbols = result.statement, derivation.symbols
    chosen, rejected = result.rewards
    gradient = gradient_of(statement)
    loss = algorithm.loss
    link = LINKS[statement.link]
    return {
        "id": algorithm.id,
        "derivation": derivation,
        "result": result,
        "proved": isinstance(result.verdict, Proved),
        "source": cited(derivation.source, material) if derivation.source else None,
        "zeta": formula(statement.zeta, symbols, r"\zeta(y) \propto"),
        "scale": to_latex(statement.scale, symbols),
        "argument": formula(statement.argument, symbols, "m ="),
        "definitions": [each for each in entries(derivation) if each.value],
        "entries": entries(derivation),
        "link": link.latex,
        "slope": link.slope,
        "verdict": verdicts.of_result(result),
        "judges": result.opinions,
        "chains": chains(result),
        "reward": formula(chosen, symbols, "r(y_w) =") if chosen else None,
        "reward_rejected": formula(rejected, symbols, "r(y_l) =")
        if rejected and result.properties and result.properties.prior_depends_on_label
        else None,
        "gradient": formula(gradient, symbols) if gradient else None,
        "facts": list(_facts(result)),
        "reach": _reach(result),
        "becomes": [_special(each, algorithm, material) for each in algorithm.becomes],
        "special_of": [
            _special(found, each, material, reverse=True)
            for each in material.algorithms
            for found in each.becomes
            if found.id == algorithm.id
        ],
        "claims": [_claim(each, material) for each in algorithm.others],
        "certificates": list(
            zip(algorithm.certificates, news(algorithm.certificates), strict=True)
        ),
        "axioms": sorted({axiom for each in algorithm.certificates for axiom in each.axioms}),
        "checker": next((each.checker for each in algorithm.certificates), ""),
        "by_coq": any(each.id == result.id for each in algorithm.certificates),
        "main_claims": [
            cited(each.claim.citation, material)
            for each in algorithm.results
            if each.claim and each.claim.is_main and each.claim.printed
        ],
        "main_notes": [
            each.claim.note
            for each in algorithm.results
            if each.claim and each.claim.is_main and each.claim.note
        ],
        "main_witness": counterexamples(result),
        "loss": indented(fenced("python", loss)) if loss else None,
        "spec": indented(fenced("toml", derivation.text)),
        "sympy": indented(fenced("python", _sympy(result))),
    }


def _claim(result: Result, material: Material) -> dict[str, Any]:
    claim, statement, symbols = result.claim, result.statement, result.derivation.symbols
    own = result.derivation.statement
    if claim is None:
        raise ValueError("a claim is asked for")
    return {
        "id": f"claim-{claim.id}",
        "result": result,
        "cited": cited(claim.citation, material),
        "printed": claim.printed,
        "note": claim.note,
        "zeta": formula(statement.zeta, symbols, r"\zeta(y) \propto")
        if statement.zeta != own.zeta
        else None,
        "scale": to_latex(statement.scale, symbols) if statement.scale != own.scale else None,
        "argument": formula(statement.argument, symbols, "m =")
        if statement.argument != own.argument
        else None,
        "link": LINKS[statement.link].latex if statement.link != own.link else None,
        "verdict": verdicts.of_result(result),
        "witnesses": counterexamples(result),
    }


def _facts(result: Result) -> Iterator[tuple[str, bool, str]]:
    """Yield what the prior knows and the loss needs: a question, the answer, what it means."""
    found = result.properties
    if found is None:
        return
    for name, (question, if_so, if_not) in FACTS.items():
        holds = bool(getattr(found, name))
        yield question, holds, if_so if holds else if_not


# A question for each property, and what either answer means.
FACTS: dict[str, tuple[str, str, str]] = {
    "prior_depends_on_policy": (
        "Does the prior contain the policy?",
        "it changes while the policy is trained",
        "it is the same whatever the policy is",
    ),
    "prior_depends_on_label": (
        "Does the prior know the label?",
        "it differs for the chosen and the rejected response",
        "it is one function of the response",
    ),
    "prior_depends_on_length": (
        "Does the prior know the length?",
        "it contains |y| itself",
        "|y| itself does not occur in it",
    ),
    "prior_uses_stop_gradient": (
        "Does the prior stop a gradient?",
        "a part of it counts as a constant",
        "no part of it counts as a constant",
    ),
    "closed_form_applies": (
        "Does the closed form of the optimal policy apply?",
        "the prior is free of policy and label, as Eq. 5 of the unifying paper asks",
        "Eq. 5 of the unifying paper was derived for a prior free of policy and label",
    ),
    "reference_free": (
        "Is the loss reference-free?",
        "it needs no model but the policy",
        "it needs another model as well",
    ),
    "needs_divergence": (
        "Does the loss need next-token distributions?",
        "those over the whole vocabulary, not only the probabilities of the tokens",
        "the probabilities of the tokens are enough",
    ),
    "needs_length": (
        "Does the loss need lengths?",
        "the number of tokens of each response",
        "no number of tokens occurs in it",
    ),
    "needs_weights": (
        "Does the loss need weights?",
        "a number for each token",
        "it has none for single tokens",
    ),
    "uses_stop_gradient": (
        "Does the loss stop a gradient?",
        "a part of it counts as a constant",
        "no part of it counts as a constant",
    ),
}
assert set(FACTS) == {each.name for each in dataclasses.fields(Properties)}


def _reach(result: Result) -> str:
    found = result.prior
    known = isinstance(result.verdict, Proved) and found.gives_loss and found.is_needed
    return result.prior.reach.value if known else ""


def _special(
    found: Any, algorithm: Algorithm, material: Material, *, reverse: bool = False
) -> dict[str, Any]:
    symbols = algorithm.derivation.symbols
    other = algorithm.id if reverse else found.id
    return {
        "id": other,
        "title": material.named(other).derivation.title,
        "at": [
            f"{symbols[name].latex} = {to_latex(value)}" for name, value in found.values.items()
        ],
        "gradient": found.gradient,
    }


def _plots(
    id_: str, title: str, program: live.Program, moved: tuple[live.Slider, ...], cache: Path | None
) -> list[dict[str, Any]]:
    places, values, slopes = curves(program, moved)
    rows = (("loss", "loss", values), ("slope", "derivative", slopes))
    found = []
    for kind, what, numbers in rows:
        label = f"The {what} of {title} over the log-ratio of the chosen response"
        plot: Plot = draw(f"{id_}-{kind}", label, places, numbers, cache)
        found.append(
            {
                "kind": kind,
                "svg": plot.svg,
                "box": " ".join(map(str, plot.frame.box)),
                "low": f"{plot.frame.low:.6g}",
                "high": f"{plot.frame.high:.6g}",
            }
        )
    return found


def _slider(slider: live.Slider, algorithm: Algorithm) -> dict[str, Any]:
    symbols = algorithm.derivation.symbols
    if slider.of is None:
        latex, spoken = (
            r"\log\tfrac{\pi(y_l)}{\pi_{\mathrm{ref}}(y_l)}",
            "log-ratio of the rejected response",
        )
    else:
        latex, spoken = to_latex(slider.of, symbols), to_unicode(slider.of, symbols)
    return {
        "name": slider.name,
        "latex": latex,
        "spoken": spoken,
        "low": f"{slider.low:g}",
        "high": f"{slider.high:g}",
        "value": f"{slider.value:g}",
        "step": f"{slider.step:g}",
    }


def _sympy(result: Result) -> str:
    """Return the program that gives the equation, and the equation it gives."""
    what = "arguments" if result.statement.link == FRAMEWORK_LINK else "losses"
    equation = str(result.to_sympy())
    lines = "\n".join(f"# {line}" for line in _wrapped(equation))
    return (
        "import midpo_sym\n\n"
        f'equation = midpo_sym.prove("{result.derivation.id}").to_sympy()  # of the {what}\n\n'
        f"{lines}\n"
    )


def _wrapped(text: str) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + len(word) > 84:  # noqa: PLR2004 - columns of a block of code
            yield line
            line = ""
        line = f"{line} {word}".strip()
    yield line
