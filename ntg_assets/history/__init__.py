"""What happened: appended, one closed file at a time, never changed, rolled back or pruned.

A publication is made anew each night and can be taken back; what people were sent can not. So who
was drawn for a contact, what was loaded and which generation was current lie in `data/history`,
beside the generations and never in one.
"""
