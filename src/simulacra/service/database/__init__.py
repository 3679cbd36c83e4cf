"""PostgreSQL: the connection, the tables and their migrations."""
