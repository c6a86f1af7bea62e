"""The functions: one module per event family, each a Blueprint with one Event Grid trigger."""
