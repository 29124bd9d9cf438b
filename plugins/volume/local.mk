# plugins/volume: see below
