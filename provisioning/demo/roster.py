"""The people of the demo: a class of made-up candidates, and three made-up members of staff."""

from __future__ import annotations

ROSTER_CSV = """number,given name,family name,seat,extra time %,approved by,approved at
2031,Ines,Haugen,1,,,
2032,Elias,Berg,2,,,
2033,Aino,Virtanen,3,50,Head of school,2026-09-01
2034,Noah,Dahl,4,,,
2035,Freja,Holm,5,,,
2036,Oskar,Nyman,6,,,
2037,Leo,Sandberg,7,,,
2038,Saga,Ek,8,,,
2039,Viktor,Moen,9,,,
2040,Alva,Krog,10,,,
2041,Hugo,Lund,11,,,
2042,Thea,Bakke,12,25,Head of school,2026-09-01
2047,Maja,Lindqvist,14,,,
2048,Ali,Hassan,15,,,
2049,Nora,Vik,16,,,
2050,Milo,Strand,17,,,
"""

STAFF_CSV = """name,role
Kari Olsen,chief_invigilator
Per Aas,invigilator
Tove Lie,technician
"""

WRITING_COUNT = 8
"""How many simulated candidates write; the others wait for whoever tries the demo."""
