"""The roster as Moodle knows such things: a class is a course, an org a category. Files for its importers, or a push."""
