"""Where private keys live: PKCS#11 tokens behind worker processes, and software keystores.

Start at `kyso_hsm.opening.open_token`. This package is the only one that knows PKCS#11, and it loads a
vendor library only inside a worker process (`kyso_hsm.worker`), never in the caller's.
"""
