"""Folders of videos: what to measure (plan), measuring it (work, run), and the tables over all of it (tables, page)."""
