"""A tiny world with its reference and pairs, and studies that take seconds."""

from dataclasses import dataclass, replace
from functools import cache

from midpo_sym.lab.study import Study
from midpo_sym.lab.study.config import SearchSettings, StudySettings
from midpo_sym.lab.training import (
    Encoding,
    ModelSettings,
    ReferenceSettings,
    TrainingSettings,
    Transformer,
    fit_reference,
    log_policy,
)
from midpo_sym.lab.worlds import Pairs, World, WorldSettings, build, draw

MODEL = ModelSettings(width=8, layers=1, heads=1)
WORLD = WorldSettings(letters=2, longest=3, prompts=3, unseen=1, pairs=40)
REFERENCE = ReferenceSettings(samples=100, steps=10, batch=16)


@dataclass(frozen=True)
class Bench:
    """What a run starts from."""

    world: World
    encoding: Encoding
    reference: Transformer
    log_reference: object
    pairs: Pairs


@cache
def bench(settings: WorldSettings = WORLD, seed: int = 1) -> Bench:
    world = build(settings, seed)
    encoding = Encoding(world)
    reference = fit_reference(world, encoding, MODEL, REFERENCE)
    log_reference = log_policy(reference, encoding, world)
    pairs = draw(world, log_reference, settings.pairs, 2)
    return Bench(world, encoding, reference, log_reference, pairs)


def study(**changes: object) -> Study:
    """Return a study of two losses and a learned prior on one world, three steps each."""
    settings = StudySettings(
        losses=("dpo", "simpo"),
        priors=("learned_free",),
        seeds=2,
        tuning_seeds=1,
        trials=2,
    )
    found = Study(
        name="tiny",
        study=settings,
        model=MODEL,
        reference=REFERENCE,
        training=TrainingSettings(steps=4, batch=8, snapshots=2),
        search=SearchSettings(learning_rate=(0.01,), sums=(0.3, 1.0), means=(1.0, 3.0)),
        grids={},
        worlds={"plain": WORLD},
    )
    return replace(found, **changes)
