-- Who made a key, when it was used last, and when it ends. Of keys that are older it is not known who
-- made them.
ALTER TABLE api_key ADD COLUMN created_by TEXT;
ALTER TABLE api_key ADD COLUMN last_used_at TEXT;
ALTER TABLE api_key ADD COLUMN expires_at TEXT;

-- A known text, sealed with the key that seals secrets: a server whose key file does not open it has
-- the wrong one. There is one row, with the id 1.
CREATE TABLE key_check (
    id INTEGER NOT NULL PRIMARY KEY,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    made_at TEXT NOT NULL
) STRICT;
