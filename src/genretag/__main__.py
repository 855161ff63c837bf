"""`python -m genretag`, for those whose PATH lacks the console script."""

from genretag.cli.app import main

if __name__ == "__main__":
    main()
