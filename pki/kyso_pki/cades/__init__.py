"""CMS files on their own (EN 319 122-1): read in `document`, written in `content`; `archive` has their timestamps."""
