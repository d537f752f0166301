"""The benchmark suite: the installed command as a process beside its peers, on one local origin. ``make bench`` runs it."""
