"""`python -m kyso_cli` is `kyso`."""

from kyso_cli.main import main

main()
