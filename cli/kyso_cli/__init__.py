"""What people type: the `kyso` command.

Start at `kyso_cli.main.main` (the console script is `kyso_cli.entry`). Every command lives in a module of its own
that is imported when it is called, so that `kyso --help` costs little more than Python itself.
"""
