"""Where people train: the losses in the trainers of other libraries, and their conventions.

Each module needs its library, and says which when it is imported without: `midpo_sym.training.trl`.
`midpo_sym.training.convert` translates hyper-parameters, and needs none.
"""

from midpo_sym.training.conventions import check_configuration, convert

__all__ = ["check_configuration", "convert"]
