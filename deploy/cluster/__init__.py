"""A whole distributed instance on this machine, for work and for a look at it: see `bin/cluster help`."""
