"""What Redis tells, on its way to people: read in time, made values of, put into words and glyphs.

``top`` and ``demo`` both show it; what they show and where is theirs.
"""
