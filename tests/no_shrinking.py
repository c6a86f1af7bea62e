"""A pytest plugin for `make mutants`: hypothesis reports the first failure that it finds, without shrinking it."""

from hypothesis import Phase, settings

settings.register_profile("no shrinking", phases=[Phase.explicit, Phase.generate])
settings.load_profile("no shrinking")
