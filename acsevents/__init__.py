"""The operator's and developer's command line, with the local stack; not deployed."""
