"""`python -m midpo_sym` is `midpo`."""

import gc

# New objects until cycles are looked for: a command makes few, and most of them are to stay.
_OBJECTS = 100_000


def main() -> None:
    """Run the command line; what it imports makes most of its objects, hence this comes first."""
    gc.set_threshold(_OBJECTS)
    from midpo_sym.cli import main as command  # noqa: PLC0415 - see above

    command()


if __name__ == "__main__":
    main()
