"""`midpo lab`: what can be measured where the truth is known."""

from __future__ import annotations

import click

from midpo_sym.cli.laboratory.tabular import tabular
from midpo_sym.cli.laboratory.train import train


@click.group(epilog="Start with: midpo lab train --quick")
def lab() -> None:
    """Measure losses and priors where the truth is known: on tables, or with tiny models."""


lab.add_command(tabular)
lab.add_command(train)
