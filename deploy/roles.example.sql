-- Copy this file to roles.sql and fill in the passwords of secrets/database_url and
-- secrets/migration_database_url.
CREATE ROLE simulacra_owner LOGIN PASSWORD '...';
CREATE ROLE simulacra LOGIN PASSWORD '...';
ALTER DATABASE simulacra OWNER TO simulacra_owner;
\connect simulacra
ALTER SCHEMA public OWNER TO simulacra_owner;
