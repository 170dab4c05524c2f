"""Independent programs and libraries that judge what kyso makes, and make what kyso must accept: see README.md."""
