"""A rendered person whose every angle, step and lean is known."""
