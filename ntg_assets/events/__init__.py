"""Who did what and when: source files become one checked table of events,
and a synthetic world writes such files.
"""
