"""`python -m toolformer` is the command `toolformer`."""

from toolformer.cli.main import main

if __name__ == "__main__":
    main()
