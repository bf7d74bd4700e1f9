"""`python -m midpo_sym` is `midpo`."""

from midpo_sym.cli import main

main()
