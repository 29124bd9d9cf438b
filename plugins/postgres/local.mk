# plugins/postgres: see below
