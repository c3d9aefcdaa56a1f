-- Where each secret may go, a JSON list. An empty one is filled by the first use.
ALTER TABLE secret ADD COLUMN allowed_origins TEXT NOT NULL DEFAULT '[]';

-- What the audit log tells beyond who did what to which thing. None of it holds a secret's value.
ALTER TABLE audit ADD COLUMN environment TEXT;
ALTER TABLE audit ADD COLUMN secrets TEXT NOT NULL DEFAULT '[]';
ALTER TABLE audit ADD COLUMN destination TEXT;
ALTER TABLE audit ADD COLUMN address TEXT;
ALTER TABLE audit ADD COLUMN request_id TEXT;
ALTER TABLE audit ADD COLUMN was TEXT;
ALTER TABLE audit ADD COLUMN became TEXT;
