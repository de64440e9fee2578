"""pull -> plan -> guard -> apply: the one sync that both faces drive."""
