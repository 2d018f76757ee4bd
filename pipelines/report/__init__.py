"""The report: one HTML file that opens offline and answers a person's questions from the store alone.

`write.py` writes it, `gather.py` reads the store, `sections/` says what is shown, one small function a section,
and `page.py` puts it together with `assets/`. No operator and no database is asked.
"""
