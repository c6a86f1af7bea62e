"""The local web page: what the command line answers, to look at. It is served on 127.0.0.1 only."""
