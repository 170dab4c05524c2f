"""The database's history, run by Alembic; `kyso_server.setup.prepare_database` brings a database to the newest."""
