"""The command `genretag`, also as `python -m genretag`."""


def main() -> None:
    """Run the console script.

    Worker processes import this module anew, and need nothing of the command line.
    """
    try:
        from genretag.cli import app
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    app.main()


if __name__ == "__main__":
    main()
