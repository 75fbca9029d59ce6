"""From a page's words to profiles: sections, people, candidates for every field, entries, choice."""
