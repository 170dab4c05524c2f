-- The server's own database: psql < deploy/postgresql.sql, as PostgreSQL's superuser. See docs/deploy.md.
-- The servers make their tables themselves when they start, so the role owns the database and nothing else.
CREATE ROLE kyso LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;
CREATE DATABASE kyso OWNER kyso ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE kyso FROM PUBLIC;
ALTER ROLE kyso IN DATABASE kyso SET synchronous_commit = on; -- an audit line that a power cut may lose is none
ALTER ROLE kyso IN DATABASE kyso SET idle_in_transaction_session_timeout = '60s';
-- \password kyso      asks for the password, which then stands in the servers' password file (0600)
