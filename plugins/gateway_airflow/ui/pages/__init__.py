"""One module a subject, each with a `router`. Handlers are short: ask gateway, render a template."""
