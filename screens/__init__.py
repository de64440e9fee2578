"""The face of the house: what people see. One file a screen; `widgets/` holds what two of them share.

How to write a screen
---------------------

A screen is a `FramedScreen` (frame.py): top line, tabs, banner, footer and the keys that work everywhere come with it.

    class PeopleScreen(FramedScreen):
        CSS = sheet("people")                                   # styles/people.tcss; rules apply within the screen
        VERBS = (                                               # commands.py: one object feeds keys, footer, palette, ?, docs
            Command("people.why", "w", "Why not?", "Say why somebody is missing.", "People", "why", footer=2,
                    applies=lambda screen: screen.why_not_ask()),
        )
        BINDINGS = bindings(VERBS)

        def body(self) -> ComposeResult:
            yield ListPane(COLUMNS, self.cells, self.people, search="name, e-mail, id", sort=Sort("name"),
                           empty=Empty("Nobody yet.", "5", "goes to Sync"))

        def on_mount(self) -> None:
            self.desk.roster_changed.subscribe(self, lambda _: self.query_one(ListPane).reload())
            self.query_one(ListPane).reload()

        def people(self, pane: ListPane) -> Source:             # called again when a person filters or sorts
            return queries.people_listing(self.desk.source, pane.text, pane.sort)

        def cells(self, row: Row) -> list[str | Cell]:          # cleaned and cut by the table; Cell(text, tone) has colour
            return [row.values[0], Cell("● Active", "success")]

        @on(LazyTable.Opened)
        def open_person(self, event: LazyTable.Opened) -> None:
            self.app.push_screen(PersonScreen(event.row.id))    # a FramedScreen, too; esc comes back

Commands. `group` is the mode's title; `footer` 1 comes first, 0 is not in the footer (six fit, `?` is one of them);
`applies(node)` gives None or a sentence why not, which a toast, the palette and `?` then say. When that changes, call
`self.refresh_bindings()`. `action` "why" runs `action_why`. After a change: `python -m screens.commands > docs/keys.md`.

The desk (desk.py), `self.desk`, is where all data comes from; nothing on it blocks:

    self.desk.settings                                  the settings in force; `source` for queries
    await self.desk.read(query, *args)                  query(roster, *args) on a reading thread; NoRoster, RosterError
    await self.desk.ask(probe.all_orgs)                 question(client, ...) on a thread; ConfigError, ProviderError
    with self.desk.client(connection) as client:        on a thread of your own (`@work(thread=True)`), for long things
    await self.desk.save({"schools.sync": ids})         dotted keys; comments stay; ConfigError when somebody else edited
    self.desk.now()                                     the clock; words.py says times, durations, outcomes
    self.desk.state                                     .last .good .newest .running .exists .error, every two seconds
    self.desk.settings_changed / roster_changed         signals: subscribe(self, callback) in on_mount
    self.desk.runs                                      runs.py: start("full" | "plan", conduct=None), stop(), why_not(),
                                                        why_not_stop(), active, snapshot, book, changed (signal, a
                                                        RunSnapshot a tick: progress, counts, lines, ended, error)

`await self.attempt(work)` (of the frame) awaits and turns this family's errors into a toast. What must be read:
`self.app.push_screen(Notice(title, text))`. Before anything that cannot be taken back: `Confirm(title, text, act="Suspend
214 people", rest="Leave them", number=214)` with a callback that gets a bool. `self.app.copy_to_clipboard(text)` copies and
tells. Never run peewee or httpx on the event loop; never put text from elsewhere into markup: `Content`, `Content.assemble`
and `fitting.clean` are safe.

Lists. `queries.Listing` (a SELECT with an order that ends in something unique and is never NULL) pages by keys, so a
million rows open like twelve; `Rows(values, ids)` is the same for a short list in memory. `LazyTable` posts Opened, Moved,
Counted, Failed, Sorted, Ticked; `ListPane` adds search bar and empty state. Columns: `width` cells, or 0 for a share of
the rest; `spare` says which go first on a narrow screen.

Logs. `LogPane` shows a `LogBook`: `pane.show(self.desk.runs.book)`, then `pane.update_lines()` at each `runs.changed`.

States are told by glyph, word and colour: `words.OUTCOMES`, `words.STATUSES`. Screens get `-narrow` below 100 columns and
`-wide` from there on. Styles use the theme's colours; "dim" (not `$text-muted`) is what is less important.

Tests: tests/screens/conftest.py has `demo_folder` (a synced demo roster, a copy for each test), `make_app`, `drive` and
`snap`; a snapshot at 80x24 and 120x40 for each state, and a pilot test for each key.
"""
