"""What people find is kept, watched and learned from.

observe     every audit and decision as observations: what was said of a value, and whether it was right
alarms      alarms: raised once, closed by a person; the watch over the stated error
drift       the watch over sources, layout families and languages
fairness    who is held, by format; whether the format decides
calibrate   a proposal to re-calibrate, applied and undone by a person
"""
