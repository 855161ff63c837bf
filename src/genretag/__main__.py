"""The command `genretag`, also as `python -m genretag`."""


def main() -> None:
    """Run the console script.

    Worker processes import this module anew, and need nothing of the command line.
    """
    try:
        from genretag.cli import app

        app.main()
    except KeyboardInterrupt:  # so early or late that no command was there to meet it
        raise SystemExit(130) from None
    finally:
        # If KeyboardInterrupt came while text was executed, as dataclasses do, Python ends by
        # SIGINT in place of the exit code, although it was handled. This makes it forget that.
        exec("")  # noqa: S102


if __name__ == "__main__":
    main()
