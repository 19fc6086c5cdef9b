"""The store: schema, migrations, load and save, read models; SQLite and PostgreSQL as one."""
