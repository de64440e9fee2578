"""The examination room: exercises every rostering operation and parameter of a provider, and tells the truth about it.

`examine` asks, one small request at a time, and gives a `Check` for each thing tried; a `Card` is all of them with grades.
`text`, `page`, `junit` and `facts` render a card. Nothing here knows the database, and nothing is ever written.
"""
