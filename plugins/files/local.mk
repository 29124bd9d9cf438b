# plugins/files: see below
