"""The parcel counter: a OneRoster CSV bundle (1.0, 1.1, 1.2) as a provider like any other.

From the outside in: `newest` picks a bundle, `package` opens it without trusting it, `manifest` says what each file is,
`reading` makes rows of bytes, `header` finds the columns, `rules` names what is wrong with a row, `file` reads one file,
`roles` and `walks` make the records of a sync, `report` tells what was used and what was not. `findings` has all codes,
`schemas` all columns.
"""
