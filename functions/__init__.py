"""One module per event family: a blueprint with one Event Grid trigger."""
