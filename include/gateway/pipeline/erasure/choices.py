"""What may be answered to the question of `erase_person`. Nothing else is here: DAG files import it at each parse."""

ERASE = "Erase this person"
KEEP = "Keep this person"
