"""The Event Grid stand-in, tried with the real publisher clients and a scriptable webhook."""
