"""Alarms: what is wrong now, told once when it begins and once when it is over.

`causes.py` says what is wrong, from what is kept; `words.py` puts it into messages; `book.py` remembers what was
told, and to whom; `look.py` does all of it, at the end of every run. `docs/alarms.md` is for the user.
"""
