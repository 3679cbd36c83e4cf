-- Copy to roles.sql and fill in the passwords that secrets/database_url and
-- secrets/migration_database_url name.
CREATE ROLE simulacra_owner LOGIN PASSWORD '...';
CREATE ROLE simulacra LOGIN PASSWORD '...';
ALTER DATABASE simulacra OWNER TO simulacra_owner;
\connect simulacra
ALTER SCHEMA public OWNER TO simulacra_owner;
