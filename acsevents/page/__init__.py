"""The local web page: the queries of the command line in a browser. It is served on 127.0.0.1 only."""
