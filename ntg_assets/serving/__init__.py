"""What people and programs ask of a publication: explanations,
and lists over HTTP. Only the published store is read.
"""
