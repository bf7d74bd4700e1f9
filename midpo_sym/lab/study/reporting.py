"""The study's report in Markdown, and the files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

from midpo_sym.lab.study.arms import AGAIN, Arm, arms
from midpo_sym.lab.study.comparing import Comparison, compare, holm, middle
from midpo_sym.lab.study.config import Study
from midpo_sym.lab.study.figures import family, forest, frontier
from midpo_sym.lab.study.predictions import Score, read_predictions, score
from midpo_sym.lab.study.results import Results
from midpo_sym.lab.training.priors import KINDS

_LIMITS = (
    "Tiny models, synthetic preferences: what holds here is about {letters} letters, answers of at "
    "most {longest} tokens and models of width {width}, and no evidence about language models."
)
_ENOUGH = 6  # pairs below which no difference can have an interval of 95 %


def report(study: Study, results: Results) -> dict[str, bytes]:
    """Return the files of a report by name: Markdown, CSV, SVG, and Parquet if it can be written.

    Args:
        study: the settings.
        results: as far as they are there.

    Raises:
        ImportError: Matplotlib is not installed.
    """
    every, left_out = arms(study)
    predictions, digest = read_predictions()
    scores = score(predictions, results, study.study.level)
    origin = f"midpo lab train, settings {study.digest[:12]}"
    comparisons = compared(study, results, "value")
    parquet = results.to_parquet()
    parts = [
        f"# Study {study.name}\n",
        _head(study, results, digest, has_parquet=parquet is not None),
        _table(study, every, results, comparisons),
        "![Reward and divergence](frontier.svg)\n\n![Differences of value](differences.svg)\n",
        _worlds(study, every, results),
        _priors(study, results),
        _predictions(scores),
        _left_out(left_out, results),
    ]
    files = {
        "report.md": "\n".join(each for each in parts if each).encode(),
        "results.csv": results.to_csv().encode(),
        "frontier.svg": frontier(study, every, results, origin),
        "differences.svg": forest(comparisons, study.study.baseline, origin),
    }
    return files if parquet is None else {**files, "results.parquet": parquet}


def compared(study: Study, results: Results, measure: str) -> dict[str, Comparison]:
    """Return how a measure of each arm differs from the baseline's, on equal worlds and seeds."""
    ends = results.ends(measure)
    base = ends.pop(study.study.baseline, {})
    found = {}
    for name, values in ends.items():
        places = [each for each in values if each in base]
        if places:
            found[name] = compare([values[p] - base[p] for p in places], study.study.level)
    return found


def _head(study: Study, results: Results, digest: str, *, has_parquet: bool) -> str:
    worlds = list(study.worlds.values())
    what = study.study
    budget = (
        f"{len(worlds)} worlds. Seeds of each that are compared: {what.seeds}; others, on which "
        f"hyper-parameters are chosen: {what.tuning_seeds}, with up to {what.trials} trials for "
        f"each loss. What counts is the value: E[r] − {what.tau:g} KL(π‖π_ref), above the "
        f"reference's. Everything is trained for {study.training.steps} steps of "
        f"{study.training.batch} pairs."
    )
    lines = [
        _LIMITS.format(
            letters=max(each.letters for each in worlds),
            longest=max(each.longest for each in worlds),
            width=study.model.width,
        ),
        "",
        budget,
        "",
    ]
    if results.missing:
        some = f"{len(results.missing)} shards lack runs, the first of them {results.missing[0]}"
        lines += [f"**Not complete:** {some}.", ""]
    blocks = study.study.seeds * len(study.worlds)
    if blocks < _ENOUGH:
        lines += [f"**Too few seeds:** with {blocks} differences no test can reject.", ""]
    for each in results.provenances:
        versions = ", ".join(f"{name} {number}" for name, number in each["versions"].items())
        same = (
            "as written before the runs" if each["predictions"] == digest else "**changed since**"
        )
        commit = f"commit {each['commit'][:12]}" if each["commit"] else "no checkout"
        lines.append(
            f"- {versions}, Python {each['python']}, {each['machine']}, {commit}, settings "
            f"{each['settings'][:12]}; predictions {same}"
        )
    if not has_parquet:
        lines.append("- PyArrow is not installed: results are CSV alone (pip install '.[parquet]')")
    return "\n".join([*lines, ""])


def _table(
    study: Study, every: Sequence[Arm], results: Results, comparisons: Mapping[str, Comparison]
) -> str:
    base = study.study.baseline
    corrected = holm({name: each.p_value for name, each in comparisons.items()})
    measures = ("value", "reward_gain", "kl", "frontier_gap", "length_gain", "chosen_displacement",
                "calibration_correlation", "seconds")  # fmt: skip
    by_measure = {each: results.ends(each) for each in measures}
    rows = []
    for arm in every:
        if arm.name not in by_measure["value"]:
            continue
        means = {name: fmean(by_measure[name][arm.name].values()) for name in measures}
        each = comparisons.get(arm.name)
        p_value = f"{corrected[arm.name]:.3g}" if each else ""
        rows.append((
            -means["value"],
            [arm.name, family(study, arm), f"{means['value']:.3f}", _interval(each), p_value,
             *(f"{means[name]:+.2f}" for name in measures[1:-1]), f"{means['seconds']:.1f}"],
        ))  # fmt: skip
    head = ["loss", "looks at", "value", f"above {base}", "p (Holm)", "reward gained", "KL",
            "frontier gap", "length gained", "chosen moved", "calibration", "seconds"]  # fmt: skip
    text = (
        "Means over worlds and seeds, best first. Differences are Hodges and Lehmann's, with exact "
        f"intervals of {100 * (1 - study.study.level):g} % each; p is Wilcoxon's, exact, corrected "
        f"for all {len(comparisons)} comparisons. Chosen moved: mean of log π/π_ref of the chosen "
        "responses that were trained on.\n"
    )
    return _section("All losses", text, head, [row for _, row in sorted(rows, key=lambda r: r[0])])


def _worlds(study: Study, every: Sequence[Arm], results: Results) -> str:
    ends = results.ends("value")
    lengths = results.ends("length_gain")
    rows = []
    for arm in every:
        cells = []
        for world in study.worlds:
            values = [each for (name, _), each in ends.get(arm.name, {}).items() if name == world]
            longer = [
                each for (name, _), each in lengths.get(arm.name, {}).items() if name == world
            ]
            cells.append(f"{fmean(values):.3f} ({fmean(longer):+.2f})" if values else "")
        if any(cells):
            rows.append([arm.name, *cells])
    text = (
        "Mean value, and in brackets the mean gain of length: noise, bias and distance at work.\n"
    )
    return _section(
        "World by world", text, ["loss", *(each.replace("_", " ") for each in study.worlds)], rows
    )


def _priors(study: Study, results: Results) -> str:
    if not study.study.priors:
        return ""
    loss, base = results.ends("loss"), study.study.baseline
    differences = {name: compared(study, results, name) for name in ("value", "kl")}
    differences["loss"] = {
        kind: compare(list(results.matched("loss", kind, base).values()), study.study.level)
        for kind in study.study.priors
    }
    rows = [
        [kind, KINDS[kind], f"{middle(list(loss[kind].values())):.3f}",
         *(_interval(differences[name].get(kind)) for name in ("loss", "value", "kl"))]
        for kind in study.study.priors
        if kind in loss
    ]  # fmt: skip
    text = (
        "Section 5.2 says that the loss does not get worse when the prior is learned too, if the "
        "fixed prior is in the set. It says nothing about the policy. Losses are compared at equal "
        "hyper-parameters, in the tuning seeds; value and divergence where each has its own best.\n"
    )
    head = ["prior", "what it is", "training loss, median", f"loss above {base}, equal settings",
            f"value above {base}", f"KL above {base}"]  # fmt: skip
    return _section("Learned priors", text, head, rows)


def _predictions(scores: Sequence[Score]) -> str:
    rows = [
        [each.prediction.claim, each.prediction.because, f"**{each.outcome}**",
         _interval(each.found) if each.found.count else ""]
        for each in scores
    ]  # fmt: skip
    text = (
        "Written down before the runs. A prediction held if the whole interval of the difference "
        "lies on its side, failed if it lies on the other.\n"
    )
    return _section("Predictions", text, ["claim", "because", "outcome", "difference"], rows)


def _left_out(left_out: Mapping[str, str], results: Results) -> str:
    failed: dict[str, int] = {}
    for row in results.rows:
        if row["failure"] and row["is_last"]:
            failed[row["arm"]] = failed.get(row["arm"], 0) + 1
    lines = [f"- {name} is not trained: it {why}." for name, why in left_out.items()]
    lines += [f"- {name}: {count} runs failed." for name, count in failed.items()]
    null = f"The name that ends in {AGAIN} is a planted null: the same loss, with other seeds.\n"
    return "\n".join(["## Limits\n", null, *lines, ""])


def _interval(found: Comparison | None) -> str:
    if found is None:
        return ""
    if abs(found.low) == float("inf"):
        return f"{found.estimate:+.3f} (too few)"
    return f"{found.estimate:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def _section(title: str, text: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"## {title}\n", text, f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    cells = [[cell.replace("_", r"\_").replace("|", r"\|") for cell in row] for row in rows]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in cells), ""])
