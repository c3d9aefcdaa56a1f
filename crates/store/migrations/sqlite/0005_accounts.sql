-- People and their sessions belong to the installation, not to a workspace: one person signs in once
-- and may be a member of several. So these tables have no workspace in their keys. They are small; a
-- database that is spread by workspace keeps a copy of them everywhere.
CREATE TABLE account (
    id BLOB NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX account_email ON account (email);

-- The one-use link that makes the first owner. There is one row, with the id 1.
CREATE TABLE setup_token (
    id INTEGER NOT NULL PRIMARY KEY,
    hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    used_at TEXT
) STRICT;

CREATE TABLE membership (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    user_id BLOB NOT NULL REFERENCES account (id),
    role TEXT NOT NULL,
    created_at TEXT NOT NULL,
    seen_at TEXT,
    PRIMARY KEY (workspace_id, user_id)
) STRICT;
CREATE INDEX membership_user ON membership (user_id);

-- A session is in one workspace at a time. It goes with the membership there, whoever ends that.
CREATE TABLE user_session (
    hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL,
    workspace_id BLOB NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    FOREIGN KEY (workspace_id, user_id) REFERENCES membership (workspace_id, user_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX user_session_member ON user_session (workspace_id, user_id);
CREATE INDEX user_session_user ON user_session (user_id);
CREATE INDEX user_session_expiry ON user_session (expires_at);

CREATE TABLE invitation (
    workspace_id BLOB NOT NULL REFERENCES workspace (id),
    id BLOB NOT NULL,
    email TEXT NOT NULL,
    role TEXT NOT NULL,
    hash BLOB NOT NULL,
    invited_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT,
    PRIMARY KEY (workspace_id, id)
) STRICT;
CREATE INDEX invitation_hash ON invitation (hash);
