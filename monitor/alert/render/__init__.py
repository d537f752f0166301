"""The forms a letter takes: plain text, HTML, mail, webhook JSON, 200 characters for phones, Atom and JSON Feed."""
